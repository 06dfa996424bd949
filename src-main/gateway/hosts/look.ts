import { NucleusError } from '../../../src-shared/errors.ts';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import type { Backups } from './backups.ts';
import { readConfig, type Reading } from './config-text.ts';
import { diffEdits } from './diff.ts';
import { applyEdits, type Edit, type Section } from './edit.ts';
import { isOurs, leadsToUs } from './entries.ts';
import { ourName, type Host } from './host-table.ts';
import type { Memory } from './memory.ts';

/** How one file of a host is. */
export interface Look {
  readonly file: string;
  readonly state: Exclude<HostStatus['state'], 'not-installed'>;
  /** All that stands in its section; null when it cannot be read. */
  readonly entries: Readonly<Record<string, unknown>> | null;
  /** Whether there is a place for servers in it at all. */
  readonly hasSection: boolean;
  readonly duplicates: readonly string[];
  readonly preview: string;
  readonly problem: string | null;
}

/** A host as it is at one moment. */
export interface Survey {
  readonly host: Host;
  readonly backups: Backups;
  readonly memory: Memory;
  readonly looks: readonly Look[];
}

/** `withPreview` false: without working out the edit, which costs much in a file of megabytes. */
export function survey(host: Host, backups: Backups, withPreview = true): Survey {
  const looks = host.files().map((file) => lookAt(host, file, withPreview));
  return { host, backups, memory: backups.read(), looks };
}

function lookAt(host: Host, file: string, withPreview: boolean): Look {
  const reading = readConfig(file);
  const unreadable = (problem: string): Look => {
    return {
      file,
      state: 'unreadable',
      entries: null,
      hasSection: false,
      duplicates: [],
      preview: '',
      problem,
    };
  };
  const { entries, hasSection = false, problem } = readServers(host, file, reading);
  if (problem !== undefined) return unreadable(problem);
  const found = { file, entries, hasSection, duplicates: duplicatesIn(host, entries), problem: null };
  if (isOurs(entries[ourName], host.entry) && found.duplicates.length === 0)
    return { ...found, state: 'connected', preview: '' };
  const isMissing = entries[ourName] === undefined && found.duplicates.length === 0;
  const state = isMissing ? 'missing' : 'changed';
  if (!withPreview) return { ...found, state, preview: '' };
  try {
    const text = textOf(reading);
    const edits = connectingEdits(host, text, entries, []);
    return { ...found, state, preview: diffEdits(file, reading.state === 'found' ? text : null, edits) };
  } catch (error) {
    // What cannot be written is a state of the file like others.
    if (error instanceof NucleusError) return unreadable(mend(file, error.message));
    throw error;
  }
}

/** The servers that a file names; or one sentence about why it is left alone. */
export function readServers(host: Host, file: string, reading: Reading): Section {
  if (reading.state === 'unreadable') return reading;
  const section = host.format.read(textOf(reading), host.path);
  return section.problem === undefined ? section : { problem: mend(file, section.problem) };
}

/** The same where there is somebody to be told at once. */
export function mustReadServers(
  host: Host,
  file: string,
  reading: Reading,
): Readonly<Record<string, unknown>> {
  const { entries, problem } = readServers(host, file, reading);
  if (problem !== undefined) throw new NucleusError('CONFIG_INVALID', problem, { path: file });
  return entries;
}

/** What makes the text lead to us, once, and no longer to what ours takes the place of. */
export function connectingEdits(
  host: Host,
  text: string,
  entries: Readonly<Record<string, unknown>>,
  replaces: readonly string[],
): Edit[] {
  const gone = [...new Set([...duplicatesIn(host, entries), ...replaces])].filter((name) => name !== ourName);
  const edits: Edit[] = [];
  for (const name of gone) edits.push(...host.format.remove(applyEdits(text, edits), [host.path[0], name]));
  if (!isOurs(entries[ourName], host.entry))
    edits.push(...host.format.set(applyEdits(text, edits), host.path, host.entry));
  return edits;
}

/** What is told and remembered of a file with more servers than anybody has. */
const maxNames = 500;

/** The names beside ours. */
export function othersIn(entries: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(entries)
    .filter((name) => name !== ourName)
    .slice(0, maxNames);
}

export function duplicatesIn(host: Host, entries: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(entries).filter(
    (name) => name !== ourName && leadsToUs(entries[name], host.entry.command),
  );
}

export function textOf(reading: Reading): string {
  return reading.state === 'found' ? reading.text : '';
}

/** What a person is told of a host. */
export function statusOf({ host, backups, memory, looks }: Survey): HostStatus {
  const about = {
    host: host.host,
    title: host.title,
    consented: memory.consentedAt !== null,
    repairedAt: memory.repairs.at(-1) ?? null,
  };
  // The one that most needs a person stands for all of them.
  const order: readonly Look['state'][] = ['unreadable', 'changed', 'missing', 'connected'];
  const [worst] = looks.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  if (!worst) {
    const nowhere = { file: host.usualFile, preview: '', backup: null, problem: null };
    return { ...about, state: 'not-installed', ...nowhere, others: [], duplicates: [] };
  }
  const [undo] = [worst, ...looks].flatMap(({ file }) => memory.undo[file] ?? []);
  const duplicates = new Set(looks.flatMap((look) => look.duplicates));
  const names = new Set(looks.flatMap(({ entries }) => othersIn(entries ?? {})));
  return {
    ...about,
    state: worst.state,
    file: worst.file,
    preview: worst.state === 'unreadable' ? '' : looks.map(({ preview }) => preview).join(''),
    backup: undo ? backups.pathOf(undo.backup) : null,
    problem: worst.problem,
    others: [...names].filter((name) => !duplicates.has(name)),
    duplicates: [...duplicates],
  };
}

function mend(file: string, problem: string): string {
  return `${file} ${problem.replace(/^the text /, '')}; mend it, Nucleus leaves it alone until then`;
}
