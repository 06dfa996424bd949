import { extname, join } from 'node:path';
import type { HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { HostName, HostStatus } from '../../../src-shared/hosts.ts';
import type { Clock, Log } from '../platform.ts';
import { createBackups, hashOf, type Backups } from './backups.ts';
import { encode, readConfig, replaceConfig, type Reading, type Verdict } from './config-text.ts';
import { applyEdits } from './edit.ts';
import { createHealing } from './healing.ts';
import { createHostTable, ourName, type Host } from './host-table.ts';
import {
  connectingEdits,
  duplicatesIn,
  mustReadServers,
  othersIn,
  readServers,
  statusOf,
  survey,
  textOf,
} from './look.ts';
import { emptyMemory, type Undo } from './memory.ts';
import type { Place } from './places.ts';
import { takeBack, type How } from './take-back.ts';
import { watchFiles, type FileWatch } from './watch.ts';

/** The servers that one file of an installed host names, ours included. */
export interface HostServers {
  readonly host: HostName;
  readonly title: string;
  readonly file: string;
  /** By name, as the file has them, secrets included; empty when there is a problem. */
  readonly entries: Readonly<Record<string, unknown>>;
  readonly problem: string | null;
}

export interface Connected {
  readonly status: HostStatus;
  /** Files that were written, each with the copy made before. */
  readonly changed: readonly { readonly file: string; readonly backup: string }[];
}

export type TakenBack = readonly { readonly file: string; readonly how: How }[];

/** Registers Nucleus with the hosts of this person, and notices when one of them dropped it. */
export interface Hosts {
  readonly handlers: HandlersOf<PersonContract>['hosts'];
  list(): HostStatus[];
  /** Throws when there is no command yet that an entry could name. */
  check(): void;
  /** Every file of every installed host. */
  servers(): HostServers[];
  /** Puts our entry in, in the place of those named in `replaces`, in one write per file. */
  connect(input: { readonly host: HostName; readonly replaces?: readonly string[] }): Connected;
  /** Takes back all we ever wrote to a host. */
  undo(input: { readonly host: HostName }): TakenBack;
  /** Takes back the last `connect` that replaced something, and what came after it. */
  giveBack(input: { readonly host: HostName }): TakenBack;
  /**
   * Calls back when the state of a host is no longer what it was, and puts our entry back where a host dropped it;
   * the returned function ends that.
   */
  watch(onChange: () => void): () => void;
}

interface Known {
  readonly host: Host;
  readonly backups: Backups;
}

export function createHosts(
  deps: Place & {
    /** Absolute path of the command that client entries name. */
    readonly shim: string;
    /** Private folder for backups and consent. */
    readonly folder: string;
    /** Throws when there is no such command yet. */
    readonly checkShim?: () => void;
    readonly version?: string;
    readonly clock: Clock;
    readonly log: Log;
  },
): Hosts {
  const { clock, log } = deps;
  const hosts: readonly Known[] = createHostTable(deps).map((host) => ({
    host,
    backups: createBackups({ folder: join(deps.folder, host.host), clock, log }),
  }));
  const watches = new Set<FileWatch>();
  const surveys = (withPreview: boolean) =>
    hosts.map(({ host, backups }) => survey(host, backups, withPreview));
  const statusNow = ({ host, backups }: Known): HostStatus => statusOf(survey(host, backups));

  /** Writing may have made a file that was not watched yet. */
  function act<T>(name: HostName, work: (known: Known) => T): T {
    const known = hosts.find(({ host }) => host.host === name);
    if (!known) throw new NucleusError('INTERNAL', `no host ${name}`);
    try {
      return work(known);
    } finally {
      for (const watch of watches) watch.sync();
    }
  }

  const list = (): HostStatus[] => surveys(true).map(statusOf);
  const check = (): void => deps.checkShim?.();
  const connect: Hosts['connect'] = ({ host, replaces = [] }) =>
    act(host, (known) => {
      check();
      const changed = connectHost(known, replaces);
      return { status: statusNow(known), changed };
    });
  const undo: Hosts['undo'] = ({ host }) => act(host, (known) => undoHost(known, 'all'));

  return {
    handlers: {
      list,
      connect: ({ host }) => connect({ host }).status,
      undo({ host }) {
        undo({ host });
        return act(host, statusNow);
      },
      async bundle() {
        const { writeBundle } = await import('./bundle.ts');
        check();
        return { path: writeBundle(deps) };
      },
    },
    list,
    check,
    servers: () =>
      hosts.flatMap(({ host }) =>
        host.files().map((file) => {
          const { entries = {}, problem = null } = readServers(host, file, readConfig(file));
          return { host: host.host, title: host.title, file, entries, problem };
        }),
      ),
    connect,
    undo,
    giveBack: ({ host }) => act(host, (known) => undoHost(known, 'last replacing')),
    watch(onChange) {
      const healing = createHealing({
        clock,
        log,
        repair: ({ host, backups }, file) => void connectFile({ host, backups }, file, []),
        onRepaired: look,
        survey: (name) => surveys(false).filter(({ host }) => host.host === name),
      });
      let known = '';
      /** Nobody waits for what a watch sees, so a failure is a state like others. */
      function look(): void {
        let now: string;
        try {
          const seen = surveys(false);
          healing.look(seen);
          now = JSON.stringify(seen.map(statusOf));
        } catch (error) {
          log.warn('the hosts cannot be looked at', { error: String(error) });
          now = String(error);
        }
        if (now === known) return;
        const isFirst = known === '';
        known = now;
        if (!isFirst) onChange();
      }
      look();
      const watch = watchFiles({
        files: () => hosts.flatMap(({ host }) => host.files()),
        onTouched: look,
        clock,
        log,
      });
      watches.add(watch);
      return () => {
        watches.delete(watch);
        watch.close();
        healing.close();
      };
    },
  };

  function connectHost(known: Known, replaces: readonly string[]): Connected['changed'] {
    const { host, backups } = known;
    const files = host.files();
    if (files.length === 0)
      throw new NucleusError(
        'REQUEST_INVALID',
        `${host.title} is not installed here: there is no folder for ${host.usualFile}; start it once, then connect it`,
      );
    // All of them or none: a half connected host helps nobody.
    for (const file of files) mustReadServers(host, file, readConfig(file));
    const changed = files.flatMap((file) => {
      const backup = connectFile(known, file, replaces);
      return backup === null ? [] : [{ file, backup }];
    });
    const memory = backups.read();
    const { looks } = survey(host, backups, false);
    const seen = Object.fromEntries(looks.map(({ file, entries }) => [file, othersIn(entries ?? {})]));
    backups.write({ ...memory, consentedAt: memory.consentedAt ?? clock.now(), seen });
    log.info('a host is connected', { host: host.host, files: files.join(', ') });
    return changed;
  }

  function undoHost({ host, backups }: Known, which: 'all' | 'last replacing'): TakenBack {
    const memory = backups.read();
    // Of two files the second may have failed: then the first is written, and nothing consented.
    if (memory.consentedAt === null && Object.keys(memory.undo).length === 0) return [];
    const left: Record<string, readonly Undo[]> = {};
    const done = [...new Set([...host.files(), ...Object.keys(memory.undo)])].map((file) => {
      const all = memory.undo[file] ?? [];
      const last = all.findIndex(({ replaced }) => replaced.length > 0);
      const count = which === 'all' ? all.length : last + 1;
      if (count < all.length) left[file] = all.slice(count);
      if (which !== 'all' && count === 0) return { file, how: 'nothing' as const };
      let how: How = 'nothing';
      replaceKept(backups, file, (reading) => {
        const writes = all.slice(0, count);
        const taken = takeBack({ host, file, reading, writes, backups, staysConnected: which !== 'all' });
        how = taken.how;
        return taken.verdict;
      });
      return { file, how };
    });
    // Who takes it back does not want to be asked to repair it.
    const isStill = which !== 'all' && survey(host, backups).looks.some(({ entries }) => entries?.[ourName]);
    backups.write(isStill ? { ...backups.read(), undo: left } : { ...emptyMemory, undo: left });
    log.info('a host is as it was before', { host: host.host, connected: isStill });
    return done;
  }
}

/** Puts our entry into one file; answers the path of the copy made before, null when nothing had to be written. */
function connectFile({ host, backups }: Known, file: string, replaces: readonly string[]): string | null {
  const memory = backups.read();
  let replaced: readonly string[] = [];
  let isRemembered = false;
  let made: string | null = null;
  try {
    replaceKept(
      backups,
      file,
      (reading) => {
        const entries = mustReadServers(host, file, reading);
        const edits = connectingEdits(host, textOf(reading), entries, replaces);
        const gone = new Set([...replaces, ...duplicatesIn(host, entries)]);
        replaced = Object.keys(entries).filter((name) => name !== ourName && gone.has(name));
        return edits.length === 0 ? null : encode(applyEdits(textOf(reading), edits), reading);
      },
      (undo) => {
        const writes = memory.undo[file] ?? [];
        // Behind a write of somebody else's no byte leads back; what ours took the place of, and how it began, still do.
        const isInRow = writes[0]?.hash === undo.backupHash;
        const before = isInRow
          ? writes
          : writes.filter((write) => write.replaced.length > 0 || write === writes.at(-1));
        const list = [{ ...undo, replaced }, ...before].slice(0, maxWrites);
        backups.write({ ...memory, undo: { ...memory.undo, [file]: list } });
        isRemembered = true;
        made = backups.pathOf(undo.backup);
      },
    );
    return made;
  } catch (error) {
    // Nothing was written, so what could be undone before still can.
    if (isRemembered) backups.write(memory);
    throw error;
  }
}

/** More of our own writes than that do not lead back one by one. */
const maxWrites = 20;

/** Replaces a file. The copy, and what leads back to it, are kept before the first byte changes. */
function replaceKept(
  backups: Backups,
  file: string,
  decide: (reading: Reading) => Verdict,
  remember: (undo: Omit<Undo, 'replaced'>) => void = () => {},
): void {
  replaceConfig(file, (reading) => {
    const verdict = decide(reading);
    if (verdict === null) return null;
    const old = reading.state === 'found' ? reading.bytes : Buffer.alloc(0);
    const backup = backups.keep(old, extname(file) === '.toml' ? '.toml' : '.json');
    if (verdict !== 'remove') {
      const existed = reading.state === 'found';
      remember({ backup, backupHash: hashOf(old), hash: hashOf(verdict), existed });
    }
    return verdict;
  });
}
