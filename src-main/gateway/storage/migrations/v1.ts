import type { Migration } from './migration.ts';

/** The original's first schema. IF NOT EXISTS because its earliest builds made the table before they counted versions. */
export const v1: Migration = {
  version: 1,
  tables: ['profiles'],
  sql: `
    CREATE TABLE IF NOT EXISTS profiles (
      id TEXT PRIMARY KEY,
      connector TEXT NOT NULL,
      name TEXT NOT NULL,
      metadata TEXT NOT NULL DEFAULT '{}',
      created_at INTEGER NOT NULL,
      UNIQUE (connector, name)
    );
    CREATE INDEX IF NOT EXISTS idx_profiles_connector ON profiles (connector);
  `,
};
