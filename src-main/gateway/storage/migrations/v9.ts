import type { Migration } from './migration.ts';

/** Which variant of its connector a profile uses, and how it signs in; NULL is what the connector says itself. */
export const v9: Migration = {
  version: 9,
  tables: [],
  sql: `
    ALTER TABLE profiles ADD COLUMN variant TEXT;
    ALTER TABLE profiles ADD COLUMN auth TEXT;
  `,
};
