import type { Database } from 'better-sqlite3';
import { onRegistry } from './sqlite-errors.ts';

/** A folder that is registered under a name. */
export interface StoredWorkspace {
  readonly name: string;
  /** Absolute, without links. */
  readonly folder: string;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** Registered folders, and what a person trusted of workspace files. */
export type WorkspaceStore = ReturnType<typeof createWorkspaceStore>;

/** Contents kept of one file, and of all: what falls out has to be trusted again. */
const maxOfFile = 20;
const maxTrusted = 2_000;

export function createWorkspaceStore(db: Database) {
  const all = db.prepare<[], { name: string; folder: string; created_at: number }>(
    'SELECT * FROM workspaces ORDER BY name',
  );
  const insert = db.prepare<[string, string, number]>('INSERT INTO workspaces VALUES (?, ?, ?)');
  const remove = db.prepare<[string]>('DELETE FROM workspaces WHERE name = ?');
  const one = db.prepare<[string, string], { text: string }>(
    'SELECT text FROM trusted_files WHERE path = ? AND hash = ?',
  );
  const latest = db.prepare<[string], { text: string }>(
    'SELECT text FROM trusted_files WHERE path = ? ORDER BY trusted_at DESC, rowid DESC LIMIT 1',
  );
  // Deleted first, so that content trusted anew is the latest even within one second.
  const unlist = db.prepare<[string, string]>('DELETE FROM trusted_files WHERE path = ? AND hash = ?');
  const put = db.prepare<[string, string, string, number]>('INSERT INTO trusted_files VALUES (?, ?, ?, ?)');
  const trimFile = db.prepare<[string, number]>(
    `DELETE FROM trusted_files WHERE rowid IN (SELECT rowid FROM trusted_files WHERE path = ?
     ORDER BY trusted_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
  );
  const trim = db.prepare<[number]>(
    `DELETE FROM trusted_files WHERE rowid IN (SELECT rowid FROM trusted_files
     ORDER BY trusted_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
  );
  const forget = db.prepare<[string]>('DELETE FROM trusted_files WHERE path = ?');

  return {
    /** Sorted by name. */
    list: (): StoredWorkspace[] =>
      onRegistry(() => all.all()).map(({ name, folder, created_at: createdAt }) => ({
        name,
        folder,
        createdAt,
      })),
    insert: ({ name, folder, createdAt }: StoredWorkspace): void =>
      void onRegistry(() => insert.run(name, folder, createdAt)),
    remove: (name: string): boolean => onRegistry(() => remove.run(name)).changes > 0,
    isTrusted: (path: string, hash: string): boolean => onRegistry(() => one.get(path, hash)) !== undefined,
    /** The text of the file that was trusted last; null when none was. */
    latestTrusted: (path: string): string | null => onRegistry(() => latest.get(path))?.text ?? null,
    trust(path: string, hash: string, text: string, trustedAt: number): void {
      onRegistry(() =>
        db.transaction(() => {
          unlist.run(path, hash);
          put.run(path, hash, text, trustedAt);
          trimFile.run(path, maxOfFile);
          trim.run(maxTrusted);
        })(),
      );
    },
    /** Takes back all that was trusted of a file; whether there was something. */
    forget: (path: string): boolean => onRegistry(() => forget.run(path)).changes > 0,
  };
}
