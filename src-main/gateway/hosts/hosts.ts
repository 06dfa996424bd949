import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import type { Clock, Log } from '../platform.ts';
import { createBackups, hashOf, type Backups } from './backups.ts';
import { claudeDesktop, type Host } from './claude-desktop.ts';
import { decode, encode, readConfig, replaceConfig, type Reading, type Verdict } from './config-text.ts';
import { diffEdit } from './diff.ts';
import { applyEdit, readEntry, removeEntry, setEntry, type Entry } from './edit.ts';
import { watchFiles, type FileWatch } from './watch.ts';

/** Registers Nucleus with the hosts of this person, and notices when one of them dropped it. */
export interface Hosts {
  readonly handlers: HandlersOf<PersonContract>['hosts'];
  /** Calls back when the state of a host is no longer what it was; the returned function ends that. */
  watch(onChange: () => void): () => void;
}

export function createHosts(deps: {
  /** Home folder of the person. */
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Absolute path of the command that client entries name. */
  readonly shim: string;
  /** Private folder for backups and consent. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}): Hosts {
  const { clock, log } = deps;
  const hosts = [claudeDesktop(deps)].map((host) => ({
    host,
    backups: createBackups({ folder: join(deps.folder, host.host), clock, log }),
  }));
  const watches = new Set<FileWatch>();

  const list = (): HostStatus[] => hosts.map(({ host, backups }) => statusOf(host, backups));

  /** Acts on a host, then tells how it is. Writing may have made a file that was not watched yet. */
  function change(name: HostStatus['host'], act: (host: Host, backups: Backups) => void): HostStatus {
    const found = hosts.find(({ host }) => host.host === name);
    if (!found) throw new NucleusError('INTERNAL', `no host ${name}`);
    try {
      act(found.host, found.backups);
    } finally {
      for (const watch of watches) watch.sync();
    }
    return statusOf(found.host, found.backups);
  }

  /** Nobody waits for what a watch sees, so a failure is a state like others. */
  function fingerprint(): string {
    try {
      return JSON.stringify(list());
    } catch (error) {
      log.warn('the hosts cannot be looked at', { error: String(error) });
      return String(error);
    }
  }

  return {
    handlers: {
      list,
      connect: ({ host }) => change(host, connect),
      undo: ({ host }) => change(host, undo),
      bundle() {
        throw new NucleusError('INTERNAL', 'not built yet');
      },
    },
    watch(onChange) {
      let known = fingerprint();
      const watch = watchFiles({
        files: () => hosts.flatMap(({ host }) => host.files()),
        onTouched() {
          const now = fingerprint();
          if (now === known) return;
          known = now;
          onChange();
        },
        clock,
        log,
      });
      watches.add(watch);
      return () => {
        watches.delete(watch);
        watch.close();
      };
    },
  };

  function connect(host: Host, backups: Backups): void {
    const files = host.files();
    if (files.length === 0)
      throw new NucleusError(
        'REQUEST_INVALID',
        `${host.title} is not installed here: there is no folder for ${host.usualFile}; start it once, then connect it`,
      );
    // All of them or none: a half connected host helps nobody.
    for (const file of files) valueIn(host, file, readConfig(file));
    for (const file of files)
      write(backups, file, 'remember', (reading) =>
        isDeepStrictEqual(valueIn(host, file, reading), host.entry)
          ? null
          : encode(applyEdit(textOf(reading), setEntry(textOf(reading), host.path, host.entry)), reading),
      );
    const memory = backups.read();
    backups.write({ ...memory, consentedAt: memory.consentedAt ?? clock.now() });
    log.info('a host is connected', { host: host.host, files: files.join(', ') });
  }

  function undo(host: Host, backups: Backups): void {
    const memory = backups.read();
    // Of two files the second may have failed: then the first is written, and nothing consented.
    if (memory.consentedAt === null && Object.keys(memory.undo).length === 0) return;
    for (const file of new Set([...host.files(), ...Object.keys(memory.undo)])) {
      const done = memory.undo[file];
      write(backups, file, 'forget', (reading) => {
        const backup = done ? backups.load(done) : null;
        if (done && reading.state === 'found' && hashOf(reading.bytes) === done.hash) {
          // Somebody who put a link there since keeps the file it leads to.
          if (!done.existed && !reading.isLink) return 'remove';
          if (done.existed && backup) return backup;
        }
        return withoutOurs(host, file, reading, backup);
      });
    }
    // Who takes it back does not want to be asked to repair it.
    backups.write({ version: 1, consentedAt: null, undo: {} });
    log.info('a host is disconnected', { host: host.host });
  }
}

/** Replaces a file. The copy, and what leads back to it, are kept before the first byte changes. */
function write(
  backups: Backups,
  file: string,
  then: 'remember' | 'forget',
  decide: (reading: Reading) => Verdict,
): void {
  const memory = backups.read();
  let isRemembered = false;
  try {
    replaceConfig(file, (reading) => {
      const verdict = decide(reading);
      if (verdict === null) return null;
      const old = reading.state === 'found' ? reading.bytes : Buffer.alloc(0);
      const backup = backups.keep(old);
      if (then === 'remember' && verdict !== 'remove') {
        const existed = reading.state === 'found';
        const done = { backup, backupHash: hashOf(old), hash: hashOf(verdict), existed };
        backups.write({ ...memory, undo: { ...memory.undo, [file]: done } });
        isRemembered = true;
      }
      return verdict;
    });
  } catch (error) {
    // Nothing was written, so what could be undone before still can.
    if (isRemembered) backups.write(memory);
    throw error;
  }
}

/** The file after somebody else wrote to it too: only our entry goes, or is what it was before us. */
function withoutOurs(host: Host, file: string, reading: Reading, backup: Buffer | null): Verdict {
  const value = valueIn(host, file, reading);
  if (value === undefined) return null;
  const text = textOf(reading);
  const former = backup && readEntry(decode(backup) ?? '', host.path).value;
  const edit =
    typeof former === 'object' && former !== null
      ? setEntry(text, host.path, former)
      : removeEntry(text, host.path);
  return edit && encode(applyEdit(text, edit), reading);
}

interface Look {
  readonly file: string;
  readonly state: Exclude<HostStatus['state'], 'not-installed'>;
  readonly preview: string;
  readonly problem: string | null;
}

function statusOf(host: Host, backups: Backups): HostStatus {
  const memory = backups.read();
  const about = { host: host.host, title: host.title, consented: memory.consentedAt !== null };
  const looks = host.files().map((file) => look(host, file));
  // The one that most needs a person stands for all of them.
  const order: readonly Look['state'][] = ['unreadable', 'changed', 'missing', 'connected'];
  const [worst] = looks.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  if (!worst) {
    const nowhere = { file: host.usualFile, preview: '', backup: null, problem: null };
    return { ...about, state: 'not-installed', ...nowhere, others: [], duplicates: [], repairedAt: null };
  }
  const undo = memory.undo[worst.file] ?? looks.map(({ file }) => memory.undo[file]).find(Boolean);
  return {
    ...about,
    state: worst.state,
    file: worst.file,
    preview: worst.state === 'unreadable' ? '' : looks.map(({ preview }) => preview).join(''),
    backup: undo ? backups.pathOf(undo.backup) : null,
    problem: worst.problem,
    others: [],
    duplicates: [],
    repairedAt: null,
  };
}

function look(host: Host, file: string): Look {
  const reading = readConfig(file);
  const entry = entryIn(host, file, reading);
  if (entry.problem !== undefined) return { file, state: 'unreadable', preview: '', problem: entry.problem };
  if (isDeepStrictEqual(entry.value, host.entry))
    return { file, state: 'connected', preview: '', problem: null };
  const before = reading.state === 'found' ? reading.text : null;
  const preview = diffEdit(file, before, setEntry(before ?? '', host.path, host.entry));
  return { file, state: entry.value === undefined ? 'missing' : 'changed', preview, problem: null };
}

function entryIn(host: Host, file: string, reading: Reading): Entry {
  if (reading.state === 'unreadable') return reading;
  const entry = readEntry(textOf(reading), host.path);
  if (entry.problem === undefined) return entry;
  return { problem: `${file} ${entry.problem}; mend it, Nucleus leaves it alone until then` };
}

/** Our entry's value, undefined when there is none; throws when the file is not ours to edit. */
function valueIn(host: Host, file: string, reading: Reading): unknown {
  const entry = entryIn(host, file, reading);
  if (entry.problem !== undefined) throw new NucleusError('CONFIG_INVALID', entry.problem, { path: file });
  return entry.value;
}

function textOf(reading: Reading): string {
  return reading.state === 'found' ? reading.text : '';
}
