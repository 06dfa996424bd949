import type { Migration } from './migration.ts';

/**
 * Where a profile's credentials were given for: an origin or a program. NULL until the gateway has seen its connector,
 * and for profiles with a command of their own, which need no connector.
 */
export const v10: Migration = {
  version: 10,
  tables: [],
  sql: 'ALTER TABLE profiles ADD COLUMN place TEXT;',
};
