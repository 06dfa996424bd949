/** Where a value stands in a document: keys of tables and places in lists. */
export type KeyPath = readonly PropertyKey[];

/** A key path as it would be written: `upstream.headers."X Org"`, `http.allowed_hosts[0]`. */
export function formatPath(path: KeyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const key = String(part);
      return `${index > 0 ? '.' : ''}${/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)}`;
    })
    .join('');
}

/** The same path gives the same text, another path another one. */
export function pathId(path: KeyPath): string {
  return JSON.stringify(path);
}
