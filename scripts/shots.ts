import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { chromium, type Browser } from 'playwright-core';
import { build } from 'vite';
import { contentSecurityPolicy } from '../src-main/electron/app-protocol.ts';
import { pages } from './build.ts';
import { scenes, states } from './scenes/all.ts';
import type { Scene } from './scenes/scene.ts';
import * as data from './shots-data.ts';
import { measureFrames } from './shots-frames.ts';
import { measureLists } from './shots-lists.ts';
import { lookAt } from './shots-look.ts';
import { keepForReadme, readmeScale, readmeScenes } from './shots-readme.ts';

/*
 * npm run shots [-- WORD…]: the window in each view and state, light and dark, under the policy it runs under in the
 * app, with believable data. The scenes are in scripts/scenes, a file for each view. To look at:
 * .cache/shots/NAME-{light,dark}.png. Fails on an error in the page, on what is clipped or scrolls sideways, and on
 * whatever axe-core finds.
 */

const root = join(import.meta.dirname, '..');
const out = join(root, '.cache/shots');
const app = join(out, 'app');
const words = process.argv.slice(2);
const isForReadme = words.includes('readme');
/** npm run shots -- states: each view in each state, and nothing beside. */
const ofStates = new Set(
  words.includes('states') ? Object.values(states).flatMap((row) => Object.values(row)) : [],
);

/** The page's `window.nucleus`, and `shots` to change what it answers. */
const bridge = (answers: data.Answers): string => `
  const answers = ${JSON.stringify(answers)};
  const listeners = new Set();
  const removed = new Set();
  let lost = null;
  window.shots = {
    set(more) { Object.assign(answers, more); },
    tell(topics) { for (const listener of listeners) listener(topics); },
    lose(error, topics) { lost = error; this.tell(topics); },
  };
  window.nucleus = {
    async ask(name, input) {
      if (name === 'profiles.removeLater') removed.add(input.id);
      if (name === 'profiles.keep') removed.delete(input.id);
      let value = answers[name];
      if (lost) return { ok: false, error: lost };
      if (value?.$never) return new Promise(() => {});
      if (value?.$error) return { ok: false, error: value.$error };
      if (name === 'profiles.list') value = value.filter(({ id }) => !removed.has(id));
      if (name === 'profiles.info') value = [value[input.id]].filter(Boolean);
      if (name === 'profiles.changeEnv') {
        answers['profiles.list'] = answers['profiles.list'].map((one) =>
          one.id === input.id ? { ...one, env: input.env ?? undefined } : one);
      }
      if (name === 'settings.set') value = { ...value, ...input };
      return { ok: true, value: structuredClone(value) };
    },
    on(listener) { listeners.add(listener); return () => listeners.delete(listener); },
  };`;

async function take(
  browser: Browser,
  address: string,
  scene: Scene,
  colorScheme: 'light' | 'dark',
): Promise<string[]> {
  const { width, height } = scene.size ?? { width: 960, height: 640 };
  const zoom = scene.zoom ?? 1;
  const page = await browser.newPage({
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: isForReadme ? readmeScale : zoom,
    colorScheme,
    reducedMotion: 'reduce',
    forcedColors: scene.forcedColors ? 'active' : 'none',
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  const problems: string[] = [];
  page.setDefaultTimeout(8_000);
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  await page.clock.install({ time: data.now });
  await page.addInitScript({ content: bridge({ ...data.answers, ...scene.answers }) });
  try {
    await page.goto(`${address}${scene.page ?? ''}`);
    await page.clock.runFor(1_000);
    const acting = scene.act?.(page);
    const beat = setInterval(() => void page.clock.runFor(100).catch(() => {}), 20);
    await acting?.finally(() => clearInterval(beat));
    clearInterval(beat);
    await page.mouse.move(0, 0);
    // What looks at the page waits for its clock as well.
    const looking = setInterval(() => void page.clock.runFor(10).catch(() => {}), 20);
    problems.push(
      ...(await lookAt(page, { structure: colorScheme === 'light', colours: !scene.forcedColors }).finally(
        () => clearInterval(looking),
      )),
    );
  } catch (error) {
    problems.push((error as Error).message);
  }
  const name = `${scene.name}-${colorScheme}.png`;
  await page.screenshot({ path: join(out, name) });
  if (isForReadme) problems.push(...[keepForReadme(join(out, name), name)].filter((one) => one !== null));
  await page.close();
  return problems;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** The built renderer with the app's own policy. */
async function serve(): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const path = join(app, request.url === '/' ? 'index.html' : (request.url ?? ''));
    if (!path.startsWith(app) || !existsSync(path)) {
      // Chromium asks for an icon by itself; the app's protocol has none either.
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': types[extname(path)] ?? 'application/octet-stream',
      'Content-Security-Policy': contentSecurityPolicy,
    });
    response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  configFile: false,
  root: join(root, 'src-renderer'),
  base: '/',
  logLevel: 'warn',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: app,
    emptyOutDir: true,
    target: 'chrome148',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [...pages] },
  },
});
const { server, address } = await serve();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: '--no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(
    ' ',
  ),
});
let bad = 0;
for (const scene of scenes.filter(({ name }) =>
  isForReadme
    ? readmeScenes.includes(name)
    : words.length === 0 || ofStates.has(name) || words.some((word) => name.startsWith(word)),
)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const problems = await take(browser, address, scene, colorScheme);
    bad += problems.length;
    console.log(`${problems.length === 0 ? '✔' : '✖'} ${scene.name} ${colorScheme}`);
    for (const problem of problems) console.log(`    ${problem}`);
  }
}
// Figures, not pictures, and only when asked for: they are worth something on an idle machine alone.
if (words.includes('frames')) await measureFrames(browser, address);
if (words.includes('lists')) await measureLists(browser, address);
await browser.close();
server.close();
process.exitCode = bad === 0 ? 0 : 1;
