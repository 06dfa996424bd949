/** One write of ours to a file, and what leads back from it. */
export interface Undo {
  /** Name of the copy made before our write. */
  readonly backup: string;
  /** Hash of that copy: one that was altered since is not put back. */
  readonly backupHash: string;
  /** Hash of the file as we left it. */
  readonly hash: string;
  /** Whether there was a file before our write. */
  readonly existed: boolean;
  /** Names of the entries that ours took the place of. */
  readonly replaced: readonly string[];
}

/** What is remembered of one host. */
export interface Memory {
  readonly version: 1;
  /** Unix milliseconds of the click; null: nobody said yes, or took it back. */
  readonly consentedAt: number | null;
  /** By configuration file, the last write first. */
  readonly undo: Readonly<Record<string, readonly Undo[]>>;
  /** By configuration file: the names beside ours when it was last seen connected. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
  /** When our entry was put back without a person, Unix milliseconds; the last ten. */
  readonly repairs: readonly number[];
}

export const emptyMemory: Memory = { version: 1, consentedAt: null, undo: {}, seen: {}, repairs: [] };

/** What a state file says, null when it is damaged. */
export function readMemory(text: string, isCopy: (name: string) => boolean): Memory | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    // Damaged, which is the answer.
    return null;
  }
  const memory = isObject(found) ? fromFormer(found) : found;
  return isMemory(memory, isCopy) ? memory : null;
}

/** Up to 0.1 one write per file was remembered, and nothing of what stood beside our entry. */
function fromFormer(found: Record<string, unknown>): Record<string, unknown> {
  const { undo, seen = {}, repairs = [] } = found;
  if (!isObject(undo)) return found;
  const lists = Object.entries(undo).map(([file, value]) => [
    file,
    isObject(value) ? [{ replaced: [], ...value }] : value,
  ]);
  return { ...found, undo: Object.fromEntries(lists), seen, repairs };
}

/** Checked by hand: this folder does without zod, and a few fields do not need it. */
function isMemory(found: unknown, isCopy: (name: string) => boolean): found is Memory {
  if (!isObject(found) || found['version'] !== 1) return false;
  const { consentedAt, undo, seen, repairs } = found;
  if (consentedAt !== null && typeof consentedAt !== 'number') return false;
  if (!isObject(undo) || !isObject(seen) || !isListOf(repairs, 'number')) return false;
  const writes = Object.values(undo);
  return (
    writes.every((list) => Array.isArray(list) && list.every((one) => isUndo(one, isCopy))) &&
    Object.values(seen).every((names) => isListOf(names, 'string'))
  );
}

function isUndo(found: unknown, isCopy: (name: string) => boolean): boolean {
  if (!isObject(found)) return false;
  const { backup, backupHash, hash, existed, replaced } = found;
  if (typeof backup !== 'string' || !isCopy(backup)) return false;
  if (typeof backupHash !== 'string' || typeof hash !== 'string') return false;
  return typeof existed === 'boolean' && isListOf(replaced, 'string');
}

function isListOf(found: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(found) && found.every((one) => typeof one === type);
}

function isObject(found: unknown): found is Record<string, unknown> {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}
