/** Whether two words are likely the same one: a slip of the fingers apart, or one the beginning of the other. */
export function isAlike(a: string, b: string): boolean {
  if (b.length > 3 && (a.startsWith(b) || b.startsWith(a))) return true;
  return a.length > 4 && isOneEdit(a, b);
}

/** One letter more, less or other, or two neighbours swapped. */
function isOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  if (a.length > b.length) return a.slice(at + 1) === b.slice(at);
  if (a.length < b.length) return a.slice(at) === b.slice(at + 1);
  if (a.slice(at + 1) === b.slice(at + 1)) return true;
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}
