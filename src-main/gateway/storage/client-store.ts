import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { onRegistry } from './sqlite-errors.ts';

/** One profile of a client's view, under the name it has in the names of tools. */
export interface ViewEntry {
  readonly id: string;
  readonly alias: string;
}

/** A client as the registry keeps it: of its token only the hash. */
export interface StoredClient {
  readonly name: string;
  /** What stands in the file, which others may have edited. */
  readonly hash: unknown;
  /** null for every profile, or those of the workspace. */
  readonly profiles: readonly ViewEntry[] | null;
  readonly workspace: string | null;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** The clients of the registry. */
export type ClientStore = ReturnType<typeof createClientStore>;

interface Row {
  readonly name: string;
  readonly hash: unknown;
  readonly view: string | null;
  readonly workspace: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
}

const View = z.array(z.object({ id: z.string(), alias: z.string() }));

/** Reads and writes clients; what it does is done when the call returns. */
export function createClientStore(db: Database) {
  const all = db.prepare<[], Row>('SELECT * FROM client_tokens ORDER BY name');
  const insert = db.prepare<[Row]>(
    `INSERT INTO client_tokens (name, hash, view, workspace, created_at, expires_at)
     VALUES (@name, @hash, @view, @workspace, @created_at, @expires_at)`,
  );
  const setView = db.prepare<[string, string]>('UPDATE client_tokens SET view = ? WHERE name = ?');
  const remove = db.prepare<[string]>('DELETE FROM client_tokens WHERE name = ?');

  return {
    /** Sorted by name. */
    list: (): StoredClient[] => onRegistry(() => all.all()).map(toClient),
    insert(client: StoredClient & { readonly hash: Buffer }): void {
      const { name, hash, profiles, workspace, createdAt, expiresAt } = client;
      const view = profiles === null ? null : JSON.stringify(profiles);
      const row = { name, hash, view, workspace, created_at: createdAt, expires_at: expiresAt };
      onRegistry(() => insert.run(row));
    },
    setProfiles: (name: string, profiles: readonly ViewEntry[]): void =>
      void onRegistry(() => setView.run(JSON.stringify(profiles), name)),
    remove: (name: string): boolean => onRegistry(() => remove.run(name)).changes > 0,
  };
}

function toClient(row: Row): StoredClient {
  return {
    name: row.name,
    hash: row.hash,
    profiles: row.view === null ? null : readView(row.view),
    workspace: row.workspace,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** A view that cannot be read shows nothing: a limit somebody set must not turn into none. */
function readView(text: string): ViewEntry[] {
  try {
    return View.parse(JSON.parse(text));
  } catch {
    return [];
  }
}
