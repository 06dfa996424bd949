export interface TextPart {
  readonly text: string;
  /** `U+200B` for a character nobody sees or that changes how others are read; null for plain text. */
  readonly code: string | null;
}

/**
 * Control and format characters (zero widths, bidi orders, tags), spaces that only look like one, fillers, selectors,
 * marks stacked on marks, and what has no agreed look: a person must not be asked about text that reads otherwise than it is.
 */
const hidden =
  // oxlint-disable-next-line no-misleading-character-class -- code points one by one is what is meant
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2800\u3164\uFFA0\uFE00-\uFE0F\u{E0100}-\u{E01EF}]|(?! )\p{Zs}|\p{M}(?=\p{M})/gu;

/** The text in parts, each hidden character a part of its own. Nothing is lost: the parts join to the whole. */
export function splitHidden(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(hidden)) {
    if (index > from) parts.push({ text: text.slice(from, index), code: null });
    parts.push({ text: character, code: codeOf(character) });
    from = index + character.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), code: null });
  return parts;
}

/** How many characters of the text `splitHidden` would show as chips. */
export function countHidden(text: string): number {
  return [...text.matchAll(hidden)].length;
}

function codeOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}
