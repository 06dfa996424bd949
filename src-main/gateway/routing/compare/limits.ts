/** How large a comparison may become. Whatever is cut is said: counts are always those of the whole. */
export const compareLimits = {
  /** Results compared at once, the base among them. */
  profiles: 32,
  /** Bytes of one result; a larger one is not compared. */
  inputBytes: 16 * 1024 * 1024,
  /** Bytes of all results together; those that come after are not compared. */
  totalBytes: 64 * 1024 * 1024,
  /** Entries in each list of one profile. */
  entries: 100,
  /** Cells shown of one changed row. */
  cells: 20,
  /** Tables that are described for one profile. */
  tables: 20,
  /** Characters of a value that is shown. */
  valueLength: 400,
  /** Characters of a name or a path that is shown. */
  nameLength: 120,
  /** Bytes of all entries of all profiles, as JSON. */
  bytes: 48 * 1024,
  /** Levels into which differences are looked for; what lies deeper differs or does not, as a whole. */
  depth: 24,
  /** Levels of nesting that are read at all. */
  nesting: 512,
  /** Columns that are tried as keys. */
  keyColumns: 12,
  /** Characters of the summary. */
  summaryLength: 2_000,
} as const;
