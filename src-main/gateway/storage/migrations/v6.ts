import type { Migration } from './migration.ts';

/** The folders the server of a profile may know of: a JSON array, null where its clients say it. */
export const v6: Migration = {
  version: 6,
  tables: [],
  sql: 'ALTER TABLE profiles ADD COLUMN roots TEXT;',
};
