import { createHash } from 'node:crypto';
import type { Profile } from '../../../src-shared/model.ts';
import type { ResolvedConnector, WorkspaceInfo, WorkspaceProblem } from '../../../src-shared/workspace.ts';
import { escapeHidden } from '../config/plain-text.ts';
import { watchFiles, type FileWatch } from '../hosts/watch.ts';
import type { Clock, Log } from '../platform.ts';
import { resolveWorkspace, type Resolved } from '../routing/workspace.ts';
import type { StoredWorkspace, WorkspaceStore } from '../storage/workspace-store.ts';
import { readPlace, realFolder, type Place, type Reading, type ReadingDeps } from './reading.ts';

/** Without a client that stays, a folder is read anew when it was read this long ago. */
const freshMs = 1_000;
/** Folders remembered beyond those a client is in. */
const maxKnown = 200;
const maxNotes = 50;

/** The folders clients work in: which accounts are seen there, and when that changes. */
export interface Workspaces {
  /** The accounts a client in this place sees. Cheap: asked for every request. */
  connectors(place: Place): readonly ResolvedConnector[];
  /** Reads the folder anew: what a person decides on is what is there now. */
  info(place: Place): WorkspaceInfo;
  /** What a client's person is told on stderr. */
  notes(place: Place): string[];
  /** What status warns of: places a client is in now. */
  warnings(): string[];
  /** Every folder that is registered, and every one a client is in. */
  list(): WorkspaceInfo[];
  /** Watches the place until the returned function is called. */
  follow(place: Place): () => void;
  /** The registered workspace of that name, or of that id. */
  find(nameOrId: string): StoredWorkspace | null;
  /** Profiles, connectors, registrations or what is trusted changed. */
  refresh(): void;
  close(): void;
}

interface Known {
  readonly place: Place;
  reading: Reading;
  readAt: number;
  followers: number;
  watch: FileWatch | null;
  /** Set against the profiles it was made for. */
  resolved: { readonly profiles: readonly Profile[]; readonly outcome: Resolved } | null;
}

export function createWorkspaces(
  deps: ReadingDeps & {
    readonly store: WorkspaceStore;
    readonly profiles: () => readonly Profile[];
    /** Base URL of the HTTP front. */
    readonly http: () => string | null;
    readonly clock: Clock;
    readonly log: Log;
    /** Some client may see other accounts than before, or under other names. */
    onChange(): void;
  },
): Workspaces {
  const { store, clock, log } = deps;
  const known = new Map<string, Known>();
  /** Nobody else writes them; null after a change. */
  let registered: readonly StoredWorkspace[] | null = null;
  const all = (): readonly StoredWorkspace[] => (registered ??= store.list());

  function lookUp({ folder, isBound }: Place): Known {
    const place = { folder: isBound ? folder : realFolder(folder), isBound };
    const key = `${isBound} ${place.folder}`;
    const now = clock.now();
    const found = known.get(key);
    if (found && found.followers === 0 && now - found.readAt >= freshMs) read(found);
    const entry = found ?? {
      place,
      reading: readPlace(place, deps),
      readAt: now,
      followers: 0,
      watch: null,
      resolved: null,
    };
    known.delete(key);
    known.set(key, entry);
    if (known.size > maxKnown) trim();
    return entry;
  }

  function trim(): void {
    const idle = [...known].find(([, { followers }]) => followers === 0);
    if (idle) known.delete(idle[0]);
  }

  /** Reads the place again; whether that changed anything. */
  function read(entry: Known): boolean {
    const before = entry.reading;
    entry.reading = readPlace(entry.place, deps);
    entry.readAt = clock.now();
    if (JSON.stringify(before) === JSON.stringify(entry.reading)) return false;
    entry.resolved = null;
    if (!entry.watch || before.watched.join() === entry.reading.watched.join()) return true;
    entry.watch.sync();
    // In a folder that was not watched before, something may have happened meanwhile.
    read(entry);
    return true;
  }

  function outcomeOf(entry: Known): Resolved {
    const profiles = deps.profiles();
    if (entry.resolved?.profiles !== profiles)
      entry.resolved = { profiles, outcome: resolveWorkspace(entry.reading.hints, profiles) };
    return entry.resolved.outcome;
  }

  function touched(entry: Known): void {
    if (!read(entry)) return;
    log.info('a workspace changed', { folder: entry.place.folder });
    deps.onChange();
  }

  function describe(entry: Known): WorkspaceInfo {
    const { folder } = entry.place;
    const { connectors, problems } = outcomeOf(entry);
    const name = all().find((workspace) => workspace.folder === folder)?.name ?? null;
    const base = deps.http();
    const inIt = [...known.values()].filter(({ place }) => place.folder === folder);
    return {
      folder,
      name,
      id: idOf(folder),
      url: name === null || base === null ? null : `${base}/w/${name}/mcp`,
      clients: inIt.reduce((sum, { followers }) => sum + followers, 0),
      files: [...entry.reading.files],
      connectors: [...connectors],
      problems: [...entry.reading.problems, ...problems.map(shown)],
    };
  }

  function find(nameOrId: string): StoredWorkspace | null {
    return (
      all().find(({ name }) => name === nameOrId) ??
      all().find(({ folder }) => idOf(folder) === nameOrId) ??
      null
    );
  }

  return {
    connectors: (place) => outcomeOf(lookUp(place)).connectors,
    info(place) {
      const entry = lookUp(place);
      touched(entry);
      return describe(entry);
    },
    notes(place) {
      const info = describe(lookUp(place));
      const lines = info.connectors.flatMap(({ connector, source, hint, bindings }) =>
        bindings.map(
          ({ alias, profile }) =>
            `resolved profile connector=${connector} alias=${alias} profile=${profile} source=${source} hint=${JSON.stringify(hint)}`,
        ),
      );
      return [...lines.slice(0, maxNotes), ...warningsOf(info)].map(escapeHidden);
    },
    warnings() {
      const followed = [...known.values()].filter(({ followers }) => followers > 0);
      return [...new Set(followed.flatMap((entry) => warningsOf(describe(entry))))]
        .slice(0, maxNotes)
        .map(escapeHidden);
    },
    list() {
      const folders = new Set(all().map(({ folder }) => folder));
      for (const { place, followers } of known.values()) if (followers > 0) folders.add(place.folder);
      return [...folders].sort().map((folder) => describe(lookUp({ folder, isBound: false })));
    },
    follow(place) {
      const entry = lookUp(place);
      entry.followers += 1;
      if (!entry.watch) {
        entry.watch = watchFiles({
          files: () => entry.reading.watched,
          onTouched: () => touched(entry),
          clock,
          log,
        });
        // What happened between the reading and the watching.
        read(entry);
      }
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        entry.followers -= 1;
        if (entry.followers > 0) return;
        entry.watch?.close();
        entry.watch = null;
      };
    },
    find,
    refresh() {
      registered = null;
      for (const entry of known.values()) read(entry);
      deps.onChange();
    },
    close() {
      for (const { watch } of known.values()) watch?.close();
      known.clear();
    },
  };
}

/** A name of a folder that tells nobody where it lies. */
export function idOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}

/** What a person should know of a place: files that do not apply as they are, and what is wrong with those that do. */
function warningsOf({ folder, files, problems }: WorkspaceInfo): string[] {
  const states = files.flatMap(({ path, state, hash, problems: own }): string[] => {
    if (state === 'trusted') return [];
    if (state === 'gone') return [`${path} was removed; what you trusted of it still holds for its tokens`];
    const trust = `look at it with nucleus resolve ${folder}, trust it with nucleus workspace trust ${folder}`;
    if (state === 'untrusted') return [`${path} is not trusted yet, so it does not apply; ${trust}`];
    const earlier = `${path} changed since you trusted it; what you trusted applies`;
    if (hash !== null) return [`${earlier} until you trust the change: ${trust}`];
    const [problem] = own;
    const reason = problem ? `${placeOf(problem)} ${problem.message}; ${problem.fix}` : '';
    return [state === 'changed' ? `${earlier}. Now: ${reason}` : `${reason}; it does not apply`];
  });
  return [...states, ...problems.map((problem) => `${placeOf(problem)}: ${problem.message}; ${problem.fix}`)];
}

function placeOf({ file, line }: WorkspaceProblem): string {
  return line === null ? file : `${file} line ${line}`;
}

function shown(problem: WorkspaceProblem): WorkspaceProblem {
  const { file, message, fix } = problem;
  return { ...problem, file: escapeHidden(file), message: escapeHidden(message), fix: escapeHidden(fix) };
}
