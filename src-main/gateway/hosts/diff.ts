import { applyEdit, type Edit } from './edit.ts';

/** What may stand beside an edit on its line without showing anything of the neighbours. */
const plainBefore =
  /^[\s{}[\],:]*("(?:mcpServers|servers|context_servers)"\s*:\s*\{?\s*)?("nucleus"\s*:\s*)?$/;
const plainAfter = /^[\s{}[\],]*$/;

/** Edits that follow one another, each as a diff of its own. */
export function diffEdits(path: string, before: string | null, edits: readonly Edit[]): string {
  let text = before;
  const diffs: string[] = [];
  for (const edit of edits) {
    diffs.push(diffEdit(path, text, edit));
    text = applyEdit(text ?? '', edit);
  }
  return diffs.join('');
}

/**
 * A unified diff of one edit, without lines around it: the neighbours may hold other people's keys. Where the edit
 * shares a line with them, `…` stands for their part. `before` null: the file is new.
 */
export function diffEdit(path: string, before: string | null, edit: Edit): string {
  const old = before ?? '';
  const after = applyEdit(old, edit);
  const oldLines = linesOf(old);
  const newLines = linesOf(after);
  let start = 0;
  const shorter = Math.min(oldLines.length, newLines.length);
  while (start < shorter && oldLines[start] === newLines[start]) start++;
  let same = 0;
  while (same < shorter - start && oldLines.at(-1 - same) === newLines.at(-1 - same)) same++;

  const removed = oldLines.slice(start, oldLines.length - same);
  const added = newLines.slice(start, newLines.length - same);
  if (removed.length + added.length === 0) return '';
  const left = lineStart(old, edit.offset);
  const prefix = old.slice(left, edit.offset);
  const suffix = /^[^\r\n]*/.exec(old.slice(edit.offset + edit.length))?.[0] ?? '';
  const shown = (lines: readonly string[]): string[] => elide(lines, prefix, suffix);
  return [
    `--- ${before === null ? '/dev/null' : path}`,
    `+++ ${path}`,
    `@@ -${range(start, removed.length)} +${range(start, added.length)} @@`,
    ...shown(removed).map((line) => `-${line}`),
    ...shown(added).map((line) => `+${line}`),
    '',
  ].join('\n');
}

/** Unified diffs count from one; of no lines they name the line before. */
function range(start: number, count: number): string {
  return `${count === 0 ? start : start + 1},${count}`;
}

function elide(lines: readonly string[], prefix: string, suffix: string): string[] {
  const shown = [...lines];
  const [first] = shown;
  if (first?.startsWith(prefix) && !plainBefore.test(prefix)) shown[0] = `…${first.slice(prefix.length)}`;
  const last = shown.at(-1);
  if (last?.endsWith(suffix) && !plainAfter.test(suffix))
    shown[shown.length - 1] = `${last.slice(0, last.length - suffix.length)}…`;
  return shown;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function lineStart(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
}
