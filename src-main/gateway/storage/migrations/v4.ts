import type { Migration } from './migration.ts';

/** Tokens of clients that come over HTTP. The view is JSON and no foreign key: it keeps the order a person gave it. */
export const v4: Migration = {
  version: 4,
  tables: ['client_tokens'],
  sql: `
    CREATE TABLE client_tokens (
      name TEXT PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE,
      view TEXT,
      created_at INTEGER NOT NULL,
      expires_at INTEGER
    );
  `,
};
