import type { Migration } from './migration.ts';

/** Which era each server was found to speak, by how it is started. Of the launch there is only a hash. */
export const v5: Migration = {
  version: 5,
  tables: ['eras'],
  sql: `
    CREATE TABLE eras (
      connector TEXT NOT NULL,
      launch TEXT NOT NULL,
      era TEXT NOT NULL,
      server TEXT NOT NULL,
      found_at INTEGER NOT NULL,
      PRIMARY KEY (connector, launch)
    );
  `,
};
