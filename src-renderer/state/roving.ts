/** Where a key leads in a list with one tab stop; null when the key means nothing to a list. */
export function nextIndex(key: string, index: number, length: number): number | null {
  if (length === 0) return null;
  if (key === 'ArrowDown') return Math.min(index + 1, length - 1);
  if (key === 'ArrowUp') return Math.max(index - 1, 0);
  if (key === 'Home') return 0;
  if (key === 'End') return length - 1;
  return null;
}

/** Who is selected after the list changed: the same one, else the one that took its place, else the last. */
export function keepSelected(
  selected: string | null,
  before: readonly string[],
  now: readonly string[],
): string | null {
  if (selected !== null && now.includes(selected)) return selected;
  const place = selected === null ? 0 : Math.max(0, before.indexOf(selected));
  return now[Math.min(place, now.length - 1)] ?? null;
}
