import type { ChangedValue, Only } from './comparison.ts';
import type { TableDiff } from './rows.ts';

/** All that differs between two results, before it is cut to what can be shown. */
export interface Findings {
  readonly tables: TableDiff[];
  /** Outside of tables. */
  readonly added: Only[];
  readonly removed: Only[];
  readonly changed: ChangedValue[];
  unchanged: number;
  isDeep: boolean;
}

export function noFindings(): Findings {
  return { tables: [], added: [], removed: [], changed: [], unchanged: 0, isDeep: false };
}
