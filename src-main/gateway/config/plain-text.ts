/** What a person cannot see, or what changes how the rest is drawn: control, format and unassigned characters, fillers. */
const hidden =
  /\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}|\p{Cs}|\p{Zl}|\p{Zp}|(?! )\p{Zs}|\p{Variation_Selector}|\p{Default_Ignorable_Code_Point}|\u2800|\p{M}(?=\p{M})/gu;

/** What makes a sign an emoji is seen, and people write it without knowing. */
const emojiStyle = /(?<=\p{Extended_Pictographic})\ufe0f/gu;

/** Whether the text holds characters a person cannot see. */
export function hasHidden(text: string): boolean {
  return text.replace(emojiStyle, '').search(hidden) !== -1;
}

/** The text as it may be shown: each hidden character as its code, e.g. `[U+200B]`. */
export function escapeHidden(text: string): string {
  return text.replace(
    hidden,
    (character) => `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
