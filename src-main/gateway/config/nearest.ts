/** The candidate that is most likely meant; null when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const allowed = Math.min(3, Math.floor(word.length / 3) + 1);
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      edits: editDistance(word.toLowerCase(), candidate.toLowerCase(), allowed),
    }))
    .filter(({ edits }) => edits <= allowed)
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate ?? null;
}

/** Letters to add, leave out, change or swap with their neighbour; `limit + 1` for all that is more than the limit. */
export function editDistance(a: string, b: string, limit: number): number {
  // Also keeps a key of a megabyte from being compared letter by letter.
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let older: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const change = (row[j - 1] ?? 0) + (isSame ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (older[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    older = row;
    row = next;
  }
  return Math.min(row[b.length] ?? 0, limit + 1);
}
