/** Whether a text matches a pattern in which `*` stands for any characters; case does not matter, both ends count. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const whole = text.toLowerCase();
  const first = parts[0] as string;
  if (parts.length === 1) return whole === first;
  const last = parts.at(-1) as string;
  if (!whole.startsWith(first) || !whole.endsWith(last) || whole.length < first.length + last.length)
    return false;
  // Taking each middle part at its earliest place leaves the most room for the next: no backtracking, linear time.
  let from = first.length;
  const end = whole.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const at = whole.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
