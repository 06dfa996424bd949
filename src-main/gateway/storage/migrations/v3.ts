import type { Migration } from './migration.ts';

/**
 * Our first own schema. The new columns may be null: rows of an original registry have nothing to say there.
 * A secret goes with its profile; the check waits for the commit, so both may be written in any order.
 */
export const v3: Migration = {
  version: 3,
  tables: ['listings', 'upstreams', 'exposed_names', 'vault_records'],
  sql: `
    ALTER TABLE profiles ADD COLUMN launch TEXT;
    ALTER TABLE profiles ADD COLUMN read_only INTEGER;
    ALTER TABLE profiles ADD COLUMN stderr TEXT;

    CREATE TABLE upstreams (
      profile_id TEXT PRIMARY KEY,
      initialize TEXT NOT NULL,
      listed_at INTEGER NOT NULL
    );
    CREATE TABLE listings (
      profile_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      position INTEGER NOT NULL,
      definition TEXT NOT NULL,
      PRIMARY KEY (profile_id, kind, position)
    );
    CREATE TABLE exposed_names (
      kind TEXT NOT NULL,
      connector TEXT NOT NULL,
      alias TEXT NOT NULL,
      name TEXT NOT NULL,
      exposed TEXT NOT NULL,
      PRIMARY KEY (kind, connector, alias, name),
      UNIQUE (kind, exposed COLLATE NOCASE)
    );
    CREATE TABLE vault_records (
      profile_id TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
      issuer TEXT NOT NULL,
      kind TEXT NOT NULL,
      nonce BLOB NOT NULL,
      sealed BLOB NOT NULL,
      PRIMARY KEY (profile_id, issuer, kind)
    );
  `,
};
