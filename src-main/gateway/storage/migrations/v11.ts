import type { Migration } from './migration.ts';

/** The class of a profile, NULL where nobody said; and sealed records that belong to no profile. */
export const v11: Migration = {
  version: 11,
  tables: ['vault_own'],
  sql: `
    ALTER TABLE profiles ADD COLUMN env TEXT;
    CREATE TABLE vault_own (
      issuer TEXT NOT NULL,
      kind TEXT NOT NULL,
      nonce BLOB NOT NULL,
      sealed BLOB NOT NULL,
      PRIMARY KEY (issuer, kind)
    );
  `,
};
