import type { Backups } from './backups.ts';
import { hashOf } from './backups.ts';
import { decode, encode, type Reading, type Verdict } from './config-text.ts';
import { applyEdits } from './edit.ts';
import { isOurs } from './entries.ts';
import { ourName, type Host } from './host-table.ts';
import { mustReadServers, textOf } from './look.ts';
import type { Undo } from './memory.ts';

/** `restored`: every byte is what it was; `merged`: somebody wrote since, so ours went and what it replaced is back. */
export type How = 'restored' | 'merged' | 'nothing';

/**
 * What a file becomes when these writes of ours, the last one first, are taken back. `staysConnected`: an entry of
 * ours that was there before them stays.
 */
export function takeBack(options: {
  readonly host: Host;
  readonly file: string;
  readonly reading: Reading;
  readonly writes: readonly Undo[];
  readonly backups: Backups;
  readonly staysConnected: boolean;
}): { readonly verdict: Verdict; readonly how: How } {
  const { host, file, reading, writes, backups } = options;
  const [last] = writes;
  if (last && reading.state === 'found' && hashOf(reading.bytes) === last.hash) {
    const first = oldestInRow(writes);
    const former = formerOf(first, reading, backups);
    if (former !== null) {
      const text = former === 'remove' ? '' : (decode(former) ?? '');
      const rest = writes.slice(writes.indexOf(first) + 1);
      // What was edited of ours in between is no more wanted than ours.
      const after = rest.length === 0 ? text : merged(text, { ...options, writes: rest });
      return after === text
        ? { verdict: former, how: 'restored' }
        : { verdict: encode(after, reading), how: 'merged' };
    }
  }
  mustReadServers(host, file, reading);
  const text = textOf(reading);
  const after = merged(text, options);
  return after === text
    ? { verdict: null, how: 'nothing' }
    : { verdict: encode(after, reading), how: 'merged' };
}

/** The text with our entry as it was before the oldest of the writes, and with what they took away. */
function merged(
  text: string,
  { host, writes, backups, staysConnected }: Omit<Parameters<typeof takeBack>[0], 'file' | 'reading'>,
): string {
  const { entries = {} } = host.format.read(text, host.path);
  const oldest = writes.at(-1);
  const before = oldest && entriesOf(host, backups.load(oldest))[ourName];
  const isWanted = isObject(before) && (staysConnected || !isOurs(before, host.entry));
  const edits =
    entries[ourName] === undefined
      ? []
      : isWanted
        ? host.format.set(text, host.path, before)
        : host.format.remove(text, host.path);
  return withReplaced(host, applyEdits(text, edits), writes, backups);
}

/** The oldest of the writes that nobody else wrote in between of. */
function oldestInRow(writes: readonly Undo[]): Undo {
  let at = 0;
  while (writes[at + 1] && writes[at + 1]?.hash === writes[at]?.backupHash) at++;
  return writes[at] as Undo;
}

/** What the file was before a write, null when that cannot be had any more. */
function formerOf(undo: Undo, reading: Reading, backups: Backups): Buffer | 'remove' | null {
  if (undo.existed) return backups.load(undo);
  // Somebody who put a link there since keeps the file it leads to.
  return reading.state === 'found' && reading.isLink ? null : 'remove';
}

/** The text with the entries that ours took the place of, where nobody has put one of that name since. */
function withReplaced(host: Host, text: string, writes: readonly Undo[], backups: Backups): string {
  let after = text;
  for (const undo of writes) {
    if (undo.replaced.length === 0) continue;
    const entries = entriesOf(host, backups.load(undo));
    for (const name of undo.replaced) {
      // Own ones only: a server may be called `constructor`.
      const value = Object.hasOwn(entries, name) ? entries[name] : undefined;
      const now = host.format.read(after, host.path).entries ?? {};
      if (isObject(value) && !Object.hasOwn(now, name))
        after = applyEdits(after, host.format.set(after, [host.path[0], name], value));
    }
  }
  return after;
}

function entriesOf(host: Host, backup: Buffer | null): Readonly<Record<string, unknown>> {
  const text = backup && decode(backup);
  return (text === null ? undefined : host.format.read(text, host.path).entries) ?? {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
