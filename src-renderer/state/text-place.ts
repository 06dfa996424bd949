/** Where a line and a column of a text are, counted in characters; both from 1, and never behind their end. */
export function placeIn(text: string, line: number, column: number): number {
  let at = 0;
  for (let nth = 1; nth < line; nth += 1) {
    const end = text.indexOf('\n', at);
    if (end === -1) return text.length;
    at = end + 1;
  }
  const end = text.indexOf('\n', at);
  return Math.min(at + Math.max(0, column - 1), end === -1 ? text.length : end);
}
