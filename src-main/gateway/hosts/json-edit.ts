import { isDeepStrictEqual } from 'node:util';
import { parse, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { NucleusError } from '../../../src-shared/errors.ts';
import { applyEdit, type Edit, type EntryPath, type Section } from './edit.ts';

/*
 * Puts one entry into somebody else's JSON and takes it out again; every other byte stays. jsonc-parser says where
 * things are. Its own `modify` is not used: it lays out anew every line it touches (a whole minified file), and
 * removing with it takes the neighbour's comment along or leaves `{,}` behind.
 */

/** From this length on a text is read by the engine's own parser where it can: Claude Code keeps megabytes in one file. */
const longText = 100_000;
const parseOptions = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: false };

/** Reads all entries of the section. A blank text has none, and is fine. */
export function readSection(text: string, path: EntryPath): Section {
  if (isBlank(text)) return { entries: {}, hasSection: false };
  if (text.length > longText) {
    const quick = readQuickly(text, path);
    if (quick) return quick;
  }
  const document = open(text, path);
  if ('problem' in document) return document;
  const rows = document.section?.children ?? [];
  return {
    hasSection: document.section !== undefined,
    entries: Object.fromEntries(
      rows.map((property) => [String(property.children?.[0]?.value), valueOf(text, property)]),
    ),
  };
}

/** Not for editing: of two sections it sees the last, as most readers do. null: to be read with care. */
function readQuickly(text: string, [name]: EntryPath): Section | null {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    // With comments, or not JSON at all.
    return null;
  }
  if (!isObject(root)) return null;
  const section = root[name];
  if (section === undefined) return { entries: {}, hasSection: false };
  return isObject(section) ? { entries: section, hasSection: true } : null;
}

/** The edit that makes the entry this value. */
export function setEntry(text: string, path: EntryPath, value: object): Edit {
  if (isBlank(text))
    return {
      offset: 0,
      length: text.length,
      content: `${JSON.stringify({ [path[0]]: { [path[1]]: value } }, null, 2)}\n`,
    };
  const document = mustOpen(text, path);
  const edit = settingEdit(text, document, path, value);
  return checked(text, edit, path, value);
}

/** The edit that takes the entry out, null when it is not there. */
export function removeEntry(text: string, path: EntryPath): Edit | null {
  if (isBlank(text)) return null;
  const { section, entry } = mustOpen(text, path);
  if (!section || !entry) return null;
  return checked(text, removingEdit(text, section, entry), path, undefined);
}

interface Document {
  readonly root: Node;
  readonly section: Node | undefined;
  /** The property: name and value. */
  readonly entry: Node | undefined;
}

function open(text: string, [section, name]: EntryPath): Document | { readonly problem: string } {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, parseOptions);
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) return { problem: 'is nested too deep to be read' };
    throw error;
  }
  const [first] = errors;
  if (first) return { problem: `is not valid JSON (${position(text, first.offset)})` };
  if (root?.type !== 'object') return { problem: 'is not a JSON object' };

  const sections = propertiesNamed(root, section);
  // Readers differ on which of two wins, so neither is ours to choose.
  if (sections.length > 1) return { problem: `has "${section}" twice` };
  const value = sections[0]?.children?.[1];
  if (!value) return { root, section: undefined, entry: undefined };
  if (value.type !== 'object') return { problem: `has a "${section}" that is not an object` };
  const entries = propertiesNamed(value, name);
  if (entries.length > 1) return { problem: `has "${name}" twice in "${section}"` };
  return { root, section: value, entry: entries[0] };
}

function mustOpen(text: string, path: EntryPath): Document {
  const document = open(text, path);
  if ('problem' in document) throw new NucleusError('CONFIG_INVALID', `the text ${document.problem}`);
  return document;
}

function propertiesNamed(object: Node, name: string): Node[] {
  return (object.children ?? []).filter((property) => property.children?.[0]?.value === name);
}

function valueOf(text: string, property: Node): unknown {
  const value = property.children?.[1];
  return value && parse(text.slice(value.offset, value.offset + value.length), [], parseOptions);
}

function settingEdit(text: string, document: Document, [section, name]: EntryPath, value: object): Edit {
  const { root, entry } = document;
  const unit = indentUnit(text, root);
  const old = entry?.children?.[1];
  if (document.section && entry && old) {
    const indent = isSpread(text, document.section) ? blanksBefore(text, entry.offset) : null;
    return { offset: old.offset, length: old.length, content: write(text, value, indent, unit) };
  }
  if (document.section) {
    const outer = isSpread(text, root) ? blanksBefore(text, document.section.offset) : null;
    return insertFirst(text, document.section, { name, value, outer, unit });
  }
  // A bare `{}` says nothing about its author's style: ours is several lines.
  const outer = isSpread(text, root) || isEmpty(root) ? blanksBefore(text, root.offset) : null;
  return insertFirst(text, root, { name: section, value: { [name]: value }, outer, unit });
}

/**
 * Ours goes first: behind the brace nobody's line changes, while behind the last property its comma and a comment
 * beside it would move. `outer` is the indentation of the object's own line, null where all stands on one line.
 */
function insertFirst(
  text: string,
  object: Node,
  { name, value, outer, unit }: { name: string; value: object; outer: string | null; readonly unit: string },
): Edit {
  const start = object.offset + 1;
  const end = object.offset + object.length - 1;
  const [child] = object.children ?? [];
  if (child ? !isSpread(text, object) : outer === null) {
    const blanks = child ? (/^[ \t]*/.exec(text.slice(start, child.offset))?.[0] ?? '') : '';
    const content = `${blanks}${JSON.stringify(name)}:${write(text, value, null, unit)}${child ? ',' : ''}`;
    return { offset: start, length: 0, content };
  }

  const eol = eolOf(text);
  const indent = child ? blanksBefore(text, child.offset) : `${outer}${unit}`;
  const entry = `${eol}${indent}${JSON.stringify(name)}: ${write(text, value, indent, unit)}`;
  if (child) return { offset: endOfLine(text, start), length: 0, content: `${entry},` };
  const inside = text.slice(start, end);
  if (inside.trim() === '') return { offset: start, length: inside.length, content: entry + eol + outer };
  // Only comments are in it.
  const at = endOfLine(text, start);
  return { offset: at, length: 0, content: entry + (/[\r\n]/.test(text.slice(at, end)) ? '' : eol + outer) };
}

function removingEdit(text: string, section: Node, entry: Node): Edit {
  const siblings = section.children ?? [];
  const previous = siblings[siblings.indexOf(entry) - 1];
  const end = entry.offset + entry.length;
  const comma = commaAfter(text, end);

  if (comma !== null) {
    // A comment between our value and its comma stays; what follows the comma on the line is looked at.
    const between = text.slice(end, comma);
    const after = comma + 1 + (/^[ \t]*/.exec(text.slice(comma + 1))?.[0].length ?? 0);
    const line = entry.offset - blanksBefore(text, entry.offset).length;
    const eol = /^\r?\n/.exec(text.slice(after))?.[0];
    const ownsLine = isLineStart(text, line) && eol !== undefined && between.trim() === '';
    if (ownsLine) return cut(line, after + eol.length);
    return cut(entry.offset, after, between.trim() === '' ? '' : between);
  }
  if (previous) {
    // The comma before ours goes too; a comment behind it is the neighbour's and stays.
    const start = commaAfter(text, previous.offset + previous.length) ?? entry.offset;
    return cut(start, end, trimBefore(text, text.slice(start + 1, entry.offset), end));
  }
  const inside = text.slice(section.offset + 1, entry.offset);
  const rest = text.slice(end, section.offset + section.length - 1);
  if (inside.trim() === '' && rest.trim() === '')
    return cut(section.offset + 1, section.offset + section.length - 1);
  return cut(section.offset + 1, end, trimBefore(text, inside, end));
}

function cut(start: number, end: number, content = ''): Edit {
  return { offset: start, length: end - start, content };
}

/** Without its blank end, unless a comment to the end of the line would then swallow what follows at `end`. */
function trimBefore(text: string, kept: string, end: number): string {
  const lineEnds = /^[ \t]*[\r\n]/.test(text.slice(end));
  return lineEnds || !kept.includes('//') ? kept.trimEnd() : kept;
}

/** A mistake here would break the configuration of somebody else's program: what we wrote is read back first. */
function checked(text: string, edit: Edit, [section, name]: EntryPath, value: object | undefined): Edit {
  const expected = readWhole(text) as Record<string, Record<string, unknown>>;
  const entries = (expected[section] ??= {});
  if (value === undefined) delete entries[name];
  // As parsing has it: assigned, one name there is would become the prototype.
  else Object.defineProperty(entries, name, { value, writable: true, enumerable: true, configurable: true });
  if (!isDeepStrictEqual(readWhole(applyEdit(text, edit)), expected))
    throw new NucleusError(
      'INTERNAL',
      `the edit of ${section}.${name} would have changed more than that entry`,
    );
  return edit;
}

/** undefined when it cannot be read. The engine's own parser is tried first, since it is many times as fast. */
function readWhole(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // With comments or trailing commas, which only the other one takes.
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, parseOptions);
    return errors.length > 0 ? undefined : value;
  }
}

/** `indent` null: on one line. */
function write(text: string, value: object, indent: string | null, unit: string): string {
  if (indent === null) return JSON.stringify(value);
  return JSON.stringify(value, null, unit).replaceAll('\n', `${eolOf(text)}${indent}`);
}

/** Whether its first property stands on a line of its own. */
function isSpread(text: string, object: Node): boolean {
  const [child] = object.children ?? [];
  return child !== undefined && /[\r\n]/.test(text.slice(object.offset, child.offset));
}

function isEmpty(object: Node): boolean {
  return (object.children ?? []).length === 0;
}

function indentUnit(text: string, root: Node): string {
  const [child] = root.children ?? [];
  const found = child && isSpread(text, root) ? blanksBefore(text, child.offset) : '';
  return found === '' ? '  ' : found;
}

/** The blanks at the start of the line that holds the offset. */
function blanksBefore(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}

function isLineStart(text: string, offset: number): boolean {
  return offset === 0 || /[\r\n]/.test(text.charAt(offset - 1));
}

/** Behind what is left of the line when that is blank or one comment, else the offset itself. */
function endOfLine(text: string, offset: number): number {
  const rest = /^[^\r\n]*/.exec(text.slice(offset))?.[0] ?? '';
  const isBeside = /^[ \t]*(\/\/.*|\/\*(?:(?!\*\/).)*\*\/[ \t]*)?$/.test(rest);
  return isBeside ? offset + rest.length : offset;
}

function commaAfter(text: string, offset: number): number | null {
  const between = /(?:\s+|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/)*/y;
  between.lastIndex = offset;
  const at = offset + (between.exec(text)?.[0].length ?? 0);
  return text.charAt(at) === ',' ? at : null;
}

function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function position(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
