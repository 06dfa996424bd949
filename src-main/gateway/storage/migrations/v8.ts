import type { Migration } from './migration.ts';

/**
 * Who is signed in where. Tokens are sealed in vault_records; here is what may be read without the key: who it is, what
 * was asked for, and that a refresh is under way, so that a crash in the midst of one is seen.
 */
export const v8: Migration = {
  version: 8,
  tables: ['sign_ins'],
  sql: `
    CREATE TABLE sign_ins (
      profile_id TEXT PRIMARY KEY REFERENCES profiles (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
      issuer TEXT,
      subject TEXT,
      tenant TEXT,
      account TEXT,
      signed_in_at INTEGER,
      scope_asked TEXT,
      scope_wanted TEXT,
      refreshing TEXT,
      problem TEXT
    );
  `,
};
