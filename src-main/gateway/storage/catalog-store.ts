import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { exposedName, isReservedName, type Separator } from '../../../src-shared/tool-name.ts';
import { onRegistry } from './sqlite-errors.ts';

/** What an upstream lists. */
export type DefinitionKind = 'tool' | 'prompt' | 'resource' | 'template';

/** What an upstream said about itself when it was last listed: raw JSON texts, as it sent them. */
export interface Listing {
  readonly initialize: string;
  readonly definitions: Readonly<Record<DefinitionKind, readonly string[]>>;
  /** Unix milliseconds. */
  readonly listedAt: number;
}

/** The remembered catalogs and the table of exposed names. */
export type CatalogStore = ReturnType<typeof createCatalogStore>;

const kinds = ['tool', 'prompt', 'resource', 'template'] as const satisfies readonly DefinitionKind[];

/**
 * Names of things an account offered once and does not any more: so many are remembered, those of last. An upstream
 * that makes up new names at each listing must not fill the registry.
 */
const maxPastNames = 10_000;

/** Keeps what upstreams listed, so that a list is answered before any upstream runs, and names stay what they were. */
export function createCatalogStore(db: Database, separator: Separator = '_') {
  const upstream = db.prepare<[string], { initialize: string; listed_at: number }>(
    'SELECT initialize, listed_at FROM upstreams WHERE profile_id = ?',
  );
  const definitions = db
    .prepare<[string, string], string>(
      'SELECT definition FROM listings WHERE profile_id = ? AND kind = ? ORDER BY position',
    )
    .pluck();
  const addUpstream = db.prepare(
    'INSERT INTO upstreams (profile_id, initialize, listed_at) VALUES (?, ?, ?)',
  );
  const addDefinition = db.prepare(
    'INSERT INTO listings (profile_id, kind, position, definition) VALUES (?, ?, ?, ?)',
  );
  const removeUpstream = db.prepare('DELETE FROM upstreams WHERE profile_id = ?');
  const removeDefinitions = db.prepare('DELETE FROM listings WHERE profile_id = ?');
  const named = db
    .prepare<[string, string, string], [string, string]>(
      'SELECT name, exposed FROM exposed_names WHERE kind = ? AND connector = ? AND alias = ? ORDER BY rowid',
    )
    .raw();
  const claim = db.prepare(
    `INSERT INTO exposed_names (kind, connector, alias, name, exposed) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const unclaim = db.prepare(
    'DELETE FROM exposed_names WHERE kind = ? AND connector = ? AND alias = ? AND name = ?',
  );

  const forget = (profileId: string) => {
    removeUpstream.run(profileId);
    removeDefinitions.run(profileId);
  };
  const assign = (kind: string, connector: string, alias: string, name: string): string => {
    for (let salt = 0; ; salt++) {
      const exposed = exposedName({ connector, alias, name, separator }, sha256, salt);
      if (isReservedName(exposed)) continue;
      if (claim.run(kind, connector, alias, toKey(name), exposed).changes === 1) return exposed;
    }
  };

  return {
    /** What the profile's upstream last listed, or null when it was never seen. */
    load(profileId: string): Listing | null {
      return onRegistry(() => {
        const row = upstream.get(profileId);
        if (row === undefined) return null;
        const texts = kinds.map((kind) => [kind, definitions.all(profileId, kind)] as const);
        return {
          initialize: row.initialize,
          definitions: Object.fromEntries(texts) as Record<DefinitionKind, string[]>,
          listedAt: row.listed_at,
        };
      });
    },
    /** Takes the place of what was kept, whole or not at all. */
    save(profileId: string, listing: Listing): void {
      const write = db.transaction(() => {
        forget(profileId);
        addUpstream.run(profileId, listing.initialize, listing.listedAt);
        for (const kind of kinds) {
          listing.definitions[kind].forEach((text, position) =>
            addDefinition.run(profileId, kind, position, text),
          );
        }
      });
      onRegistry(() => write());
    },
    remove(profileId: string): void {
      onRegistry(() => db.transaction(forget)(profileId));
    },
    /**
     * The name clients see for each of `names`; given once, it never changes and is never anyone else's, as long as
     * it is remembered.
     */
    exposedNames(
      kind: 'tool' | 'prompt',
      connector: string,
      alias: string,
      names: readonly string[],
    ): Map<string, string> {
      // Names with another separator are others; those given before stay what they were.
      const table = separator === '_' ? kind : `${kind}${separator}`;
      return onRegistry(() => {
        const known = new Map(named.all(table, connector, alias));
        const missing = new Set(names.filter((name) => !known.has(toKey(name))));
        if (missing.size > 0) {
          db.transaction(() => {
            for (const name of missing) known.set(toKey(name), assign(table, connector, alias, name));
            for (const past of pastNames(known, names)) unclaim.run(table, connector, alias, past);
          })();
        }
        return new Map(names.map((name) => [name, known.get(toKey(name)) as string]));
      });
    },
  };
}

/** The oldest of the known names that are too many beside those asked for. */
function pastNames(known: ReadonlyMap<string, string>, names: readonly string[]): string[] {
  const asked = new Set(names.map(toKey));
  if (known.size <= asked.size + maxPastNames) return [];
  const past = [...known.keys()].filter((key) => !asked.has(key));
  return past.slice(0, past.length - maxPastNames);
}

/**
 * The name as the table keeps it. SQLite stores UTF-8, where every lone surrogate would become the same character, so
 * such names are kept as their JSON text, and those that could be mistaken for one as well.
 */
function toKey(name: string): string {
  return name.startsWith('"') || !name.isWellFormed() ? JSON.stringify(name) : name;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
