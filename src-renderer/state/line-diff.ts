import type { DiffLine } from './diff-lines.ts';

/** More pairs of lines than this are not compared one by one: what is between the same beginning and end is all new. */
const maxPairs = 1_000_000;

/** What became of the lines of a text: the longest order of lines both have stays, the rest goes or comes. */
export function lineDiff(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const least = Math.min(before.length, after.length) - start;
  while (end < least && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }));
  return [
    ...same(after.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(after.slice(after.length - end)),
  ];
}

/** Lines that stay are shown so far around what changes. */
const context = 3;

/** A difference without the lines far from any change, so that nothing of it is out of sight. */
export function foldSame(lines: readonly DiffLine[], say: (amount: number) => string): readonly DiffLine[] {
  const isNear = lines.map((_line, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== 'same'),
  );
  const folded: DiffLine[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    if (line && isNear[at]) {
      folded.push(line);
      continue;
    }
    const end = isNear.indexOf(true, at);
    const amount = (end === -1 ? lines.length : end) - at;
    folded.push({ kind: 'gap', text: say(amount) });
    at += amount - 1;
  }
  return folded;
}

/** Of two whole texts. */
export function textDiff(before: string, after: string): readonly DiffLine[] {
  const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
  return lineDiff(lines(before), lines(after));
}

function middle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const del = (text: string): DiffLine => ({ kind: 'del', text });
  const add = (text: string): DiffLine => ({ kind: 'add', text });
  if (before.length * after.length > maxPairs) return [...before.map(del), ...after.map(add)];
  // How long the common order of what is left from a pair of places on can be.
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      longest[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old !== undefined && old === now) {
      lines.push({ kind: 'same', text: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(del(old));
      i += 1;
    } else {
      lines.push(add(now ?? ''));
      j += 1;
    }
  }
  return lines;
}
