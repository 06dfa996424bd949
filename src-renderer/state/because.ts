export interface BecausePart {
  readonly text: string;
  /** A word of the search, or a name in it. */
  readonly isWord: boolean;
}

/** A reason of the search in parts: what stands in quotes is a word that was matched, and loses them. */
export function becauseParts(reason: string): readonly BecausePart[] {
  return reason
    .split(/"([^"]*)"/)
    .map((text, index) => ({ text, isWord: index % 2 === 1 }))
    .filter(({ text }) => text !== '');
}
