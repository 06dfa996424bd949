/*
 * Text from upstreams and clients is data: before it stands in our own menus and notifications, nothing in it may be
 * invisible, turn the line around, or push our words out of sight.
 */

/**
 * What a person cannot see, or what changes how the rest is drawn: control, format and private characters, line
 * separators, spaces that are no U+0020, fillers that look like nothing, marks stacked on marks.
 */
const hidden =
  /\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}|\p{Cs}|\p{Zl}|\p{Zp}|(?! )\p{Zs}|\p{Variation_Selector}|\p{Default_Ignorable_Code_Point}|\u2800|\p{M}(?=\p{M})/gu;

/** Whether the text holds characters a person cannot see. */
export function hasHidden(text: string): boolean {
  return text.search(hidden) !== -1;
}

/** The text on one line of at most `limit` characters, each hidden character as its code, e.g. `[U+200B]`. */
export function oneLine(text: string, limit: number): string {
  // Cut first: a text of megabytes needs no megabytes of work. One more than fits tells whether it was cut.
  const start = text.slice(0, limit * 2 + 2).replace(hidden, (character) => `[${code(character)}]`);
  const characters = [...start];
  return characters.length <= limit ? start : `${characters.slice(0, limit - 1).join('')}…`;
}

/** How many characters a person counts; not JavaScript's half characters. */
export function visibleLength(text: string): number {
  return [...text].length;
}

function code(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
