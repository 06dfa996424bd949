import type { Edit, EntryPath, Section } from './edit.ts';
import { readSection, removeEntry, setEntry } from './json-edit.ts';
import { readTomlSection, removeTomlEntry, setTomlEntry } from './toml-edit.ts';

/** How entries are read from, put into and taken out of one kind of file; every byte of the rest stays. */
export interface Format {
  /** All entries of the section. A blank text has none, and is fine. */
  read(text: string, path: EntryPath): Section;
  /** The edits that make the entry this value, each of the text that the one before it left. */
  set(text: string, path: EntryPath, value: object): readonly Edit[];
  /** The edits that take the entry out; none when it is not there. */
  remove(text: string, path: EntryPath): readonly Edit[];
}

/** JSON with what people put into it by hand: comments and trailing commas. */
export const json: Format = {
  read: readSection,
  set: (text, path, value) => [setEntry(text, path, value)],
  remove(text, path) {
    const edit = removeEntry(text, path);
    return edit ? [edit] : [];
  },
};

export const toml: Format = { read: readTomlSection, set: setTomlEntry, remove: removeTomlEntry };
