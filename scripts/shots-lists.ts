import type { Browser, Page } from 'playwright-core';
import type { AppSettings, ExposedTool } from '../src-shared/contract.ts';
import type { Profile } from '../src-shared/model.ts';
import * as data from './shots-data.ts';
import { mainThreadTasks } from './shots-frames.ts';

/* npm run shots -- lists: what keys and scrolling cost with 200 profiles and 5,000 tools, in a real Chromium. */

const profiles: readonly Profile[] = Array.from({ length: 200 }, (_, index) => {
  const like = data.profiles[index % data.profiles.length];
  if (!like) throw new Error('there are no profiles');
  const name = `${like.name}-${index}`;
  return { ...like, name, id: `${like.connector}:${name}`, isDefault: false };
});
const tools: readonly ExposedTool[] = Array.from({ length: 5_000 }, (_, index) => {
  const profile = profiles[index % profiles.length]?.id ?? '';
  return {
    name: `${profile.replace(':', '_')}_tool_${index}`,
    profile,
    tool: `tool_${index}`,
    description: `Reads what there is of kind ${index % 97}, in the words of its server.`,
    tokens: 100 + (index % 900),
  };
});

const bridge = (view: AppSettings['view']): string => `
  const answers = ${JSON.stringify({
    ...data.answers,
    'settings.get': { ...data.settings, view },
    'approvals.list': { waiting: [], answered: [] },
    'profiles.list': profiles,
    'tools.list': { tools, missing: [] },
  })};
  window.nucleus = {
    async ask(name, input) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      let value = answers[name];
      if (name === 'profiles.info') value = [];
      return { ok: true, value: structuredClone(value) };
    },
    on: () => () => {},
  };`;

/** Notes the milliseconds from each key until what it changed was drawn. */
const noteKeys = `
  window.drawn = [];
  addEventListener('keydown', () => {
    const began = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => drawn.push(performance.now() - began)));
  }, { capture: true });`;

async function keyCosts(page: Page, keys: readonly string[]): Promise<string> {
  await page.evaluate('drawn.length = 0');
  for (const [index, key] of keys.entries()) {
    await page.keyboard.press(key);
    await page.evaluate(`new Promise((resolve) => {
      const look = () => (drawn.length > ${index} ? resolve(null) : requestAnimationFrame(look));
      look();
    })`);
  }
  const times = (await page.evaluate<number[]>('drawn')).sort((a, b) => a - b);
  const middle = Math.round(times[Math.floor(times.length / 2)] ?? NaN);
  return `p50 ${middle} ms, longest ${Math.round(times.at(-1) ?? NaN)} ms`;
}

const scroll = (selector: string, by: number): string => `new Promise((resolve) => {
  const box = document.querySelector(${JSON.stringify(selector)});
  let left = 200, sign = 1;
  const frame = () => {
    const end = box.scrollHeight - box.clientHeight;
    if (box.scrollTop >= end - 1) sign = -1;
    if (box.scrollTop <= 0) sign = 1;
    box.scrollTop += sign * ${by};
    if (left-- > 0) requestAnimationFrame(frame);
    else resolve(document.querySelectorAll('[role=option]').length);
  };
  requestAnimationFrame(frame);
})`;

async function scrollCosts(browser: Browser, page: Page, selector: string, by: number): Promise<string> {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  const rows = await page.evaluate<number>(scroll(selector, by));
  const work = mainThreadTasks(await browser.stopTracing());
  const at = (part: number): string => (work[Math.floor((work.length - 1) * part)] ?? NaN).toFixed(1);
  return (
    `CPU of a frame p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms, ` +
    `${work.filter((one) => one > 16).length} of ${work.length} over 16 ms; ${rows} rows`
  );
}

export async function measureLists(browser: Browser, address: string): Promise<void> {
  for (const [view, box, letters] of [
    ['profiles', '.list', 'staging'.split('')],
    ['tools', '.hits', 'tool_42'.split('')],
  ] as const) {
    const page = await browser.newPage({ viewport: { width: 960, height: 640 } });
    page.setDefaultTimeout(20_000);
    await page.addInitScript({ content: bridge(view) + noteKeys });
    await page.goto(address);
    const options = page.getByRole('option');
    await options.first().waitFor();
    console.log(`${view}, slowly: ${await scrollCosts(browser, page, box, 40)}`);
    console.log(`${view}, a page a frame: ${await scrollCosts(browser, page, box, 480)}`);
    await page.getByRole('option').first().focus();
    const walk = Array.from({ length: 30 }, () => 'ArrowDown');
    console.log(`${view}, ↓: ${await keyCosts(page, [...walk, 'End', 'Home'])}`);
    await page.keyboard.press('/');
    console.log(`${view}, a letter in the search: ${await keyCosts(page, letters)}`);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    console.log(`${view}, a letter in the palette: ${await keyCosts(page, letters)}`);
    await page.close();
  }
}
