import { createHmac, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Api, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { ImportPlan, ImportResult, ImportSource, ImportUndone } from '../../../src-shared/import.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Platform } from '../platform.ts';
import type { Connectors } from '../profiles/connectors.ts';
import { readTextIfExists } from '../storage/files.ts';
import type { Paths } from '../storage/paths.ts';
import { strangersEnvironment } from '../storage/session-env.ts';
import { addAll } from './add-all.ts';
import { cleanHosts } from './clean-hosts.ts';
import { readGiven } from './given-file.ts';
import { isOwnEntry } from './own-entries.ts';
import { makePlan, type Planned, type Source } from './plan.ts';
import { createImportRecords, isMarked, type Import } from './record.ts';
import { forgetCopies, undoImport } from './undo.ts';

/** What the import asks of a gateway: this process's own, or the one that runs. */
export interface ImportApi {
  readonly profiles: Pick<Api['profiles'], 'list' | 'add' | 'remove'>;
}

export interface Importing {
  readonly handlers: HandlersOf<PersonContract>['import'];
  /** Deletes the copies of clients' files, which hold their secrets in the clear; no import can be undone then. */
  forgetCopies(): string[];
}

/** Brings in what a person's clients have already: their servers become connectors and profiles. */
export function createImport(deps: {
  readonly platform: Pick<Platform, 'env' | 'clock' | 'log'>;
  readonly paths: Paths;
  readonly api: ImportApi;
  readonly connectors: Pick<Connectors, 'list' | 'problems'>;
  readonly hosts: Pick<Hosts, 'servers' | 'connect' | 'giveBack'>;
  /** Where the gateway answers over HTTP; null while it does not. */
  http(): string | null;
}): Importing {
  const { api, connectors, hosts, paths } = deps;
  const { clock, log } = deps.platform;
  // A file may name any variable, and whoever asks for the plan is shown what became of it.
  const env = strangersEnvironment(deps.platform.env);
  const user = env['HOME'] ?? env['USERPROFILE'] ?? paths.home;
  const records = createImportRecords({ folder: paths.hosts, log });
  /** A plain hash of files with secrets would tell whether a guess is right. */
  const key = randomBytes(32);
  let busy = false;

  async function survey(
    files: readonly string[],
  ): Promise<{ plan: ImportPlan; servers: readonly Planned[] }> {
    const read = readSources(files);
    const profiles = await api.profiles.list({});
    const { marks, imports } = records.read();
    const servers = makePlan({
      sources: read,
      manifests: connectors.list(),
      profiles,
      takenConnectors: connectors.problems().map(({ connector }) => connector),
      placeOf: (host) => ({ host, env, user, readText: readTextOrNull }),
      isOwn: (raw) => isOwnEntry(raw, { shim: paths.shim, http: deps.http() }),
      holds: ({ id }, secrets) => isMarked(marks[id], secrets),
    });
    const sources: ImportSource[] = read.map(({ file, title, host, problem }) => ({
      file,
      title,
      host,
      problem,
    }));
    const ids = profiles.map(({ id, createdAt }) => [id, createdAt]);
    const last = imports.at(-1);
    return {
      servers,
      plan: {
        version: createHmac('sha256', key)
          .update(JSON.stringify([read, ids]))
          .digest('hex'),
        sources,
        servers: servers.map(({ shown }) => shown),
        last: last ? shownImport(last) : null,
      },
    };
  }

  function readSources(files: readonly string[]): (ImportSource & Source)[] {
    const ofHosts = hosts.servers();
    const known = new Set(ofHosts.map(({ file }) => file));
    const given = [...new Set(files.map((file) => resolve(file)))].filter((file) => !known.has(file));
    return [...ofHosts, ...given.map(readGivenFile)].map(withoutDeep);
  }

  async function alone<T>(work: () => Promise<T>): Promise<T> {
    if (busy) throw new NucleusError('REQUEST_INVALID', 'an import is under way already; wait for it to end');
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  }

  return {
    handlers: {
      look: async ({ files }) => (await survey(files)).plan,
      run: (input) => alone(() => run(input)),
      undo: () => alone(undo),
    },
    forgetCopies: () => forgetCopies(records, paths.hosts, log),
  };

  async function run(input: {
    readonly version: string;
    readonly files: readonly string[];
    readonly servers: readonly string[];
    readonly clean: boolean;
  }): Promise<ImportResult> {
    const { plan, servers } = await survey(input.files);
    if (plan.version !== input.version)
      throw new NucleusError(
        'IMPORT_CHANGED',
        'a client’s file or the profiles changed since they were looked at, so nothing was imported; look again',
      );
    const chosen = servers.filter(({ shown }) => input.servers.includes(shown.id));
    const unknown = input.servers.find((id) => !servers.some(({ shown }) => shown.id === id));
    if (unknown !== undefined)
      throw new NucleusError('REQUEST_INVALID', 'one of the servers to import is in no file; look again');

    const started: Import = { at: clock.now(), profiles: [], connectors: [], hosts: [] };
    const keep = recordOf(started);
    const outcome = await addAll(chosen, {
      api,
      known: new Set(connectors.list().map(({ name }) => name)),
      onAdded: keep.added,
    });
    const cleaned = input.clean
      ? cleanHosts({
          hosts,
          servers,
          done: outcome.done,
          before: keep.host,
          after: keep.files,
        })
      : { changed: [], failed: [] };
    log.info('servers of clients are imported', {
      profiles: outcome.added.length,
      files: cleaned.changed.length,
    });
    return {
      added: outcome.added,
      failed: [...outcome.failed, ...cleaned.failed],
      changed: cleaned.changed,
    };
  }

  /** Written down with each step, so that what was done can be undone wherever it ends. */
  function recordOf(started: Import): {
    added(
      profile: Import['profiles'][number],
      connector: string | null,
      mark: { salt: string; hash: string } | null,
    ): void;
    host(host: HostName, names: string[]): void;
    files(host: HostName, files: Import['hosts'][number]['files']): void;
  } {
    let now = started;
    const write = (
      next: Import,
      mark: Readonly<Record<string, { salt: string; hash: string }>> = {},
    ): void => {
      const record = records.read();
      const others = record.imports.filter(({ at }) => at !== now.at);
      now = next;
      records.write({ ...record, imports: [...others, next], marks: { ...record.marks, ...mark } });
    };
    return {
      added: (profile, connector, mark) =>
        write(
          {
            ...now,
            profiles: [...now.profiles, profile],
            connectors: [...new Set([...now.connectors, ...(connector === null ? [] : [connector])])],
          },
          mark ? { [profile.id]: mark } : {},
        ),
      host: (host, names) => write({ ...now, hosts: [...now.hosts, { host, names, files: [] }] }),
      files(host, files) {
        const hosts = now.hosts.map((one) => (one.host === host ? { ...one, files } : one));
        write({ ...now, hosts: hosts.filter((one) => one.host !== host || files.length > 0) });
      },
    };
  }

  function undo(): Promise<ImportUndone> {
    return undoImport({ api, hosts, records, connectorFolder: paths.connectors });
  }
}

/** Whoever walks through it calls itself for each level; no server has so many, and one file must not keep the others out. */
const maxDepth = 50;

function withoutDeep<T extends ImportSource & Source>(source: T): T {
  if (!isDeeper(source.entries, maxDepth)) return source;
  const problem = `${source.file} is nested too deep to be read; mend it, then import it`;
  return { ...source, entries: {}, problem };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}

/** Title, problem and servers of a file that somebody named. */
function readGivenFile(file: string): ImportSource & Source {
  const source = { file, host: null };
  try {
    const text = readTextIfExists(file);
    if (text !== null) return { ...source, ...readGiven(file, text) };
    return { ...source, title: file, entries: {}, problem: `${file} is not there; name a file that is` };
  } catch (error) {
    return { ...source, title: file, entries: {}, problem: toNucleusError(error).message };
  }
}

function readTextOrNull(path: string): string | null {
  try {
    return readTextIfExists(path);
  } catch {
    // What it says about the file is told by whoever needed it.
    return null;
  }
}

function shownImport({ at, profiles, hosts }: Import): NonNullable<ImportPlan['last']> {
  return {
    at,
    profiles: profiles.map(({ id }) => id),
    files: hosts.flatMap(({ files }) => files.map(({ file }) => file)),
  };
}
