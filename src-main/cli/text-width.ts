const segmenter = new Intl.Segmenter();
/** What takes two columns: emoji, and the scripts of East Asia with their own punctuation. */
const wide =
  /^(\p{Emoji_Presentation}|.\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{1F300}-\u{1F64F}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}])/u;
const without = /^[\p{M}\u200B-\u200D\uFEFF]+$/u;

/** Cuts a line to so many columns of a terminal, between characters as people see them. */
export function cutToWidth(line: string, columns: number): string {
  // Most lines are short, and one of plain letters is as wide as it is long.
  if (line.length <= columns && /^[\x20-\x7e]*$/.test(line)) return line;
  let width = 0;
  let fits = '';
  for (const { segment } of segmenter.segment(line)) {
    const own = without.test(segment) ? 0 : wide.test(segment) ? 2 : 1;
    if (width + own > columns) return `${cutOne(fits, width === columns)}…`;
    width += own;
    fits += segment;
  }
  return line;
}

/** Room for the mark of the cut. */
function cutOne(text: string, isFull: boolean): string {
  if (!isFull) return text;
  const last = [...segmenter.segment(text)].at(-1);
  return last ? text.slice(0, last.index) : text;
}
