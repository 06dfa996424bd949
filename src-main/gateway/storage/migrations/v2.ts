import type { Migration } from './migration.ts';

/** The original's second schema: a default profile for each connector. */
export const v2: Migration = {
  version: 2,
  tables: [],
  sql: 'ALTER TABLE profiles ADD COLUMN is_default INTEGER NOT NULL DEFAULT 0;',
};
