import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyForAll, isOpenToAll, missingForDesktop, runOnDesktop } from './desktop.ts';
import { ensureElectron } from './ensure-electron.ts';

/* npm run bench:app: how fast the packed app is there, and what it holds (docs/performance.md). */

const root = join(import.meta.dirname, '..');
const limit = 10 * 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const missing = missingForDesktop();
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  if (!existsSync(join(root, 'dist', 'linux-unpacked', 'nucleus')))
    throw new Error('there is no packed app; run npm run package first');
  process.env['NUCLEUS_ELECTRON_CACHE'] ??= join(root, '.cache', 'nucleus-electron');
  const electron = await ensureElectron((sentence) => console.error(sentence));
  const work = mkdtempSync(join(tmpdir(), 'nucleus-bench-app-'));
  try {
    chmodSync(work, 0o755);
    const project = isOpenToAll(root) ? root : copyForAll(root, join(work, 'project'));
    const command = [process.execPath.replace(root, project), join(project, 'test', 'bench', 'app.ts')];
    const { status, error } = runOnDesktop(command, {
      cwd: project,
      home: join(work, 'home'),
      timeout: limit,
      env: { ELECTRON_OVERRIDE_DIST_PATH: electron.folder.replace(root, project) },
    });
    if (error) throw error;
    return status ?? 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
