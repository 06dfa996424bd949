import { builtinModules } from 'node:module';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, type InlineConfig } from 'vite';

/*
 * npm run build: everything the desktop app loads, into out/. The command line needs none of it, its sources run as
 * they are.
 */

const root = join(import.meta.dirname, '..');
const out = join(root, 'out');
/** Built aside and then put in place, so that an app that starts meanwhile finds all of it. */
const fresh = join(root, '.cache', `build-${process.pid}`);
const stale = join(root, '.cache', `stale-${process.pid}`);

/** Native modules stay in node_modules; the last two are natives that dbus-next would use if they were there. */
const natives = ['better-sqlite3', 'keytar', 'usocket', 'x11'];
/** Finds its .wasm file beside itself. */
const withWasm = /^libpg-query\//;
const external = [
  'electron',
  withWasm,
  ...natives,
  ...builtinModules,
  ...builtinModules.map((name) => `node:${name}`),
];

/** Of the window, and of the popover at the tray. */
export const pages: readonly string[] = ['index.html', 'popover.html'].map((page) =>
  join(root, 'src-renderer', page),
);

/** Builds all parts; answers how long it took. */
export async function buildApp(): Promise<number> {
  const began = performance.now();
  await Promise.all([
    build(forNode('src-main/electron/main.ts', 'main/main.js', 'es', true)),
    build(forNode('src-main/electron/builtin-host.ts', 'main/builtin-host.js')),
    build(forNode('src-main/cli/app-commands.ts', 'main/commands.js')),
    build(forNode('src-main/gateway/routing/compare/compare-worker.ts', 'main/compare-worker.js')),
    // A sandboxed preload must be CommonJS.
    build(forNode('src-main/electron/preload.ts', 'preload/preload.cjs', 'cjs')),
    build(forNode('resources/servers/sqlite/server.ts', 'servers/sqlite/server.js')),
    build(forNode('resources/servers/sqlite/query-worker.ts', 'servers/sqlite/query-worker.js')),
    build(renderer()),
  ]);
  if (existsSync(out)) renameSync(out, stale);
  renameSync(fresh, out);
  rmSync(stale, { recursive: true, force: true });
  return performance.now() - began;
}

/** Builds what a browser loads alone, for `nucleus ui` in a checkout; answers how long it took. */
export async function buildPages(): Promise<number> {
  const began = performance.now();
  await build(renderer());
  mkdirSync(out, { recursive: true });
  const pages = join(out, 'renderer');
  try {
    if (existsSync(pages)) renameSync(pages, stale);
    renameSync(join(fresh, 'renderer'), pages);
  } catch (error) {
    // Somebody else put the same there in between.
    if (!existsSync(join(pages, 'index.html'))) throw error;
  }
  for (const path of [stale, fresh]) rmSync(path, { recursive: true, force: true });
  return performance.now() - began;
}

/**
 * One file with all it needs, or with `codeSplitting` beside it what it loads later. `ssr`, because only then CommonJS inside of it gets a require(); a library build emits
 * one that throws.
 */
function forNode(
  entry: string,
  target: string,
  format: 'es' | 'cjs' = 'es',
  codeSplitting = false,
): InlineConfig {
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron', 'libpg-query', ...natives] },
    build: {
      ssr: join(root, entry),
      outDir: join(fresh, dirname(target)),
      // Two entries share the folder.
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        external,
        output: { format, entryFileNames: basename(target), chunkFileNames: 'main-[name].js', codeSplitting },
      },
    },
  };
}

function renderer(): InlineConfig {
  return {
    configFile: false,
    root: join(root, 'src-renderer'),
    base: '/',
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    build: {
      outDir: join(fresh, 'renderer'),
      emptyOutDir: true,
      target: 'chrome148',
      // A style or an image inside the page would be against its own policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: [...pages] },
    },
  };
}

/** Whether this file was started, by itself or through run.mjs. */
const isCommand = process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url;
if (isCommand) {
  const took = process.argv[2] === 'pages' ? await buildPages() : await buildApp();
  console.log(`built in ${(took / 1000).toFixed(1)} s`);
}
