import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildShim } from '../../scripts/build-shim.ts';
import type { ShimOptions } from './client.ts';
import type { Home } from './home.ts';
import { nucleusBin } from './nucleus.ts';
import { needs } from './require.ts';

const root = join(import.meta.dirname, '..', '..');

/** The two programs that `nucleus serve` may be: the script of a checkout, and the native one of the packages. */
export const shimKinds = ['script', 'native'] as const;
export type ShimKind = (typeof shimKinds)[number];

/** What starts a shim of this kind; null, with the test skipped, where it cannot be made. */
export function shimOf(t: TestContext, home: Home, kind: ShimKind): ShimOptions | null {
  if (kind === 'script') return {};
  const native = nativeShim(t);
  return native === null ? null : { command: native, env: { NUCLEUS_APP: fakeApp(home) } };
}

/** The native shim, compiled once for these sources; null, with the test skipped, without a compiler. */
export function nativeShim(t: TestContext): string | null {
  if (!needs(t, 'compiler')) return null;
  const folder = join(root, '.cache', 'test-shim', hashOfSources());
  const path = join(folder, 'nucleus');
  if (existsSync(path)) return path;
  mkdirSync(join(root, '.cache', 'test-shim'), { recursive: true });
  const fresh = mkdtempSync(join(root, '.cache', 'test-shim', 'fresh-'));
  const built = buildShim(fresh);
  if ('problem' in built) throw new Error(built.problem);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another test file was as fast.
    rmSync(fresh, { recursive: true });
    if (!existsSync(path)) throw error;
  }
  return path;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const shared = ['errors', 'modes', 'log-levels'].map((name) => `src-shared/${name}.ts`);
  for (const file of [
    ...globSync('resources/shim/*', { cwd: root }).sort(),
    ...shared,
    'scripts/build-shim.ts',
  ])
    hash.update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Plays the app that a native shim starts: the same gateway, without a window. */
export function fakeApp(home: Home): string {
  const path = home.path('app');
  writeFileSync(path, `#!/bin/sh\nexec '${nucleusBin}' gateway --json --auto\n`);
  chmodSync(path, 0o755);
  return path;
}
