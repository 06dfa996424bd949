import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ElectronDist } from './ensure-electron.ts';

const root = join(import.meta.dirname, '..');

/** Packs what `buildApp` built into dist/ with electron-builder; answers its exit code. */
export function packageApp(electron: ElectronDist, args: readonly string[]): number {
  const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
  const own = ['--publish=never', `--config.electronDist=${electron.folder}`];
  const { status } = spawnSync(
    process.execPath,
    [builder, ...args, ...own, `--config.electronVersion=${electron.version}`],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return status ?? 1;
}
