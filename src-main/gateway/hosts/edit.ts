/** Where an entry is: the object it belongs to and its own name. */
export type EntryPath = readonly [section: string, name: string];

/** One contiguous change of a text. */
export interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly content: string;
}

/** All that stands in a section, by name; or why the text is not ours to edit, as half a sentence. */
export type Section =
  | {
      readonly entries: Readonly<Record<string, unknown>>;
      /** Whether the section itself is there. */
      readonly hasSection: boolean;
      readonly problem?: never;
    }
  | { readonly problem: string; readonly entries?: never; readonly hasSection?: never };

export function applyEdit(text: string, { offset, length, content }: Edit): string {
  return text.slice(0, offset) + content + text.slice(offset + length);
}

/** The text after edits that follow one another. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce(applyEdit, text);
}
