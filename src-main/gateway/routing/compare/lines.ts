import type { Findings } from './findings.ts';

/** Compares texts line by line, blanks at their ends aside; adds what it finds. */
export function diffLines(base: string, other: string, found: Findings): void {
  const [left, right] = [linesOf(base), linesOf(other)];
  const [removed, added] = [extraLines(left, right), extraLines(right, left)];
  const moved =
    left.length === right.length ? left.flatMap((line, at) => (line === right[at] ? [] : [at])) : null;
  // Line against line where that explains it as well: one changed line is no line less and another one more.
  if (
    moved &&
    (removed.length + added.length === 0 || moved.length === Math.max(removed.length, added.length))
  ) {
    for (const at of moved)
      found.changed.push({ path: `line ${at + 1}`, before: left[at] as string, after: right[at] as string });
    found.unchanged += left.length - moved.length;
    return;
  }
  for (const at of removed) found.removed.push({ path: `line ${at + 1}`, value: left[at] as string });
  for (const at of added) found.added.push({ path: `line ${at + 1}`, value: right[at] as string });
  found.unchanged += left.length - removed.length;
}

/** The places of lines that come more often here than there. */
function extraLines(here: readonly string[], there: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const line of there) counts.set(line, (counts.get(line) ?? 0) + 1);
  return here.flatMap((line, at) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count > 0 ? [] : [at];
  });
}

function linesOf(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === '' ? [] : trimmed.split(/\r?\n/).map((line) => line.trimEnd());
}
