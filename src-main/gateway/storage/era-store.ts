import type { Database } from 'better-sqlite3';
import { onRegistry } from './sqlite-errors.ts';

/** What a server was found to speak. */
export interface StoredEra {
  /** What stands in the file, which others may have edited. */
  readonly era: string;
  /** Name and version it gave itself. */
  readonly server: string;
  /** Unix milliseconds. */
  readonly foundAt: number;
}

/** The eras of the registry, by connector and launch. */
export type EraStore = ReturnType<typeof createEraStore>;

/** Launches remembered; one that changes often must not fill the file. */
const maxRows = 10_000;

export function createEraStore(db: Database) {
  const one = db.prepare<[string, string], { era: string; server: string; found_at: number }>(
    'SELECT era, server, found_at FROM eras WHERE connector = ? AND launch = ?',
  );
  const put = db.prepare<[string, string, string, string, number]>(
    `INSERT INTO eras (connector, launch, era, server, found_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET era = excluded.era, server = excluded.server, found_at = excluded.found_at`,
  );
  const trim = db.prepare<[number]>(
    'DELETE FROM eras WHERE rowid IN (SELECT rowid FROM eras ORDER BY found_at DESC LIMIT -1 OFFSET ?)',
  );
  const remove = db.prepare<[string, string]>('DELETE FROM eras WHERE connector = ? AND launch = ?');

  return {
    load(connector: string, launch: string): StoredEra | null {
      const row = onRegistry(() => one.get(connector, launch));
      return row ? { era: row.era, server: row.server, foundAt: row.found_at } : null;
    },
    save(connector: string, launch: string, { era, server, foundAt }: StoredEra): void {
      onRegistry(() =>
        db.transaction(() => {
          put.run(connector, launch, era, server, foundAt);
          trim.run(maxRows);
        })(),
      );
    },
    remove: (connector: string, launch: string): void => void onRegistry(() => remove.run(connector, launch)),
  };
}
