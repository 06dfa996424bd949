/** One step of the registry's schema. Append-only: what has been released is never edited. */
export interface Migration {
  readonly version: number;
  /** Tables that must exist from this version on; a registry without one is damaged. */
  readonly tables: readonly string[];
  readonly sql: string;
}
