import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildShim } from './build-shim.ts';
import type { ElectronDist } from './ensure-electron.ts';

const root = join(import.meta.dirname, '..');

/** Packs what `buildApp` built into dist/ with electron-builder; answers its exit code. */
export function packageApp(electron: ElectronDist, args: readonly string[]): number {
  // Windows has neither the sockets nor the terminals the native shim is written for.
  const shim = process.platform === 'win32' ? null : buildShim();
  if (shim && 'problem' in shim) {
    console.error(`the package needs its native shim: ${shim.problem}`);
    return 1;
  }
  // electron-builder packs it with a program that it fetches from GitHub; tar is everywhere.
  const wantsTar = process.platform === 'linux' && args.includes('tar.gz');
  const targets = wantsTar ? args.map((arg) => (arg === 'tar.gz' ? 'dir' : arg)) : args;
  const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
  const own = ['--publish=never', `--config.electronDist=${electron.folder}`];
  const { status } = spawnSync(
    process.execPath,
    [builder, ...targets, ...own, `--config.electronVersion=${electron.version}`],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...fpm(), ...process.env } },
  );
  return status === 0 && wantsTar ? packTar() : (status ?? 1);
}

/** electron-builder fetches fpm from GitHub; where that is not to be had, a deb takes no more than dpkg-deb. */
function fpm(): Record<string, string> {
  return process.platform === 'linux' && !isOnPath('fpm') && isOnPath('dpkg-deb')
    ? { CUSTOM_FPM_PATH: join(root, 'scripts', 'fpm-deb.sh') }
    : {};
}

/** The unpacked folder as one file, the same bytes for the same content. */
function packTar(): number {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const folder = `nucleus-${version}`;
  const flags = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const { status } = spawnSync(
    'tar',
    [
      '--use-compress-program=gzip -n -6',
      '-cf',
      `dist/${folder}-linux-${process.arch}.tar.gz`,
      ...flags,
      `--transform=s,^linux-unpacked,${folder},`,
      '-C',
      'dist',
      'linux-unpacked',
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return status ?? 1;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // Not in this folder.
    }
  });
}
