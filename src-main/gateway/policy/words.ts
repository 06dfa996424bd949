/** Long lists of names, written as lines of words. */
export function wordsOf(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
