import type { Database } from 'better-sqlite3';

/** A fact the registry keeps about itself, or null. */
export function readMeta(db: Database, key: string): string | null {
  return db.prepare<[string], string>('SELECT val FROM meta WHERE key = ?').pluck().get(key) ?? null;
}

/** Keeps a fact about the registry itself. */
export function writeMeta(db: Database, key: string, value: string): void {
  db.prepare(
    'INSERT INTO meta (key, val) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET val = excluded.val',
  ).run(key, value);
}

/** Forgets a fact. */
export function deleteMeta(db: Database, key: string): void {
  db.prepare('DELETE FROM meta WHERE key = ?').run(key);
}
