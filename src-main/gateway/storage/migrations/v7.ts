import type { Migration } from './migration.ts';

/**
 * Folders under a name, what a person trusted of workspace files, and clients that are bound to a workspace. The text
 * that was trusted is kept: it holds while the file says something else that nobody agreed to.
 */
export const v7: Migration = {
  version: 7,
  tables: ['workspaces', 'trusted_files'],
  sql: `
    CREATE TABLE workspaces (
      name TEXT PRIMARY KEY,
      folder TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL
    );
    CREATE TABLE trusted_files (
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      text TEXT NOT NULL,
      trusted_at INTEGER NOT NULL,
      PRIMARY KEY (path, hash)
    );
    ALTER TABLE client_tokens ADD COLUMN workspace TEXT;
  `,
};
