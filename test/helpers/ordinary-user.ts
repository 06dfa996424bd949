import { chmodSync, chownSync, lchownSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const nobody = 65_534;

/**
 * Runs `act` as a user whom file modes hold back. Root becomes nobody for that long, and `folder`, a temporary one,
 * becomes nobody's; anybody else just goes on.
 */
export function asOrdinaryUser<T>(folder: string, act: () => T): T {
  if (process.getuid?.() !== 0) return act();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    lchownSync(join(entry.parentPath, entry.name), nobody, nobody);
  chownSync(folder, nobody, nobody);
  for (let above = dirname(folder); above.startsWith(`${tmpdir()}/`); above = dirname(above))
    chmodSync(above, 0o755);
  process.seteuid?.(nobody);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}
