import { isDeepStrictEqual } from 'node:util';
import { parse, stringify, TomlDate, TomlError } from 'smol-toml';
import { parseTOML, type AST } from 'toml-eslint-parser';
import { NucleusError } from '../../../src-shared/errors.ts';
import { applyEdits, type Edit, type EntryPath, type Section } from './edit.ts';

/*
 * Puts one entry into somebody else's TOML and takes it out again; every other byte stays. toml-eslint-parser says
 * where things are, smol-toml what they are. An entry is a table of its own (`[mcp_servers.NAME]`, with tables below
 * it), or keys of the table around it; it is taken out in each form and written as the first.
 */

/** Reads all entries of the section. A blank text has none, and is fine. */
export function readTomlSection(text: string, [section]: EntryPath): Section {
  const document = open(text, section);
  if ('problem' in document) return document;
  return { entries: document.entries, hasSection: document.hasSection };
}

/** The edits that make the entry this value. */
export function setTomlEntry(text: string, path: EntryPath, value: object): readonly Edit[] {
  const { tree } = mustOpen(text, path[0]);
  const block = write(text, path, value);
  const spans = spansOf(tree, path);
  const own = spans.find(({ isOwn }) => isOwn);
  const removed = spans.filter((span) => span !== own).map((span) => cut(text, span));
  if (own) {
    const edits = [...removed, { offset: own.start, length: own.end - own.start, content: block }];
    // From the last to the first: what is before an edit keeps its place.
    return checked(
      text,
      edits.sort((a, b) => b.offset - a.offset),
      path,
      value,
    );
  }
  const rest = applyEdits(text, removed);
  const eol = eolOf(text);
  const gap = rest.trim() === '' || /\n[ \t]*\r?\n$/.test(rest) ? '' : eol;
  const end = rest === '' || rest.endsWith('\n') ? '' : eol;
  const added = { offset: rest.length, length: 0, content: `${end}${gap}${block}${eol}` };
  return checked(text, [...removed, added], path, value);
}

/** The edits that take the entry out; none when it is not there. */
export function removeTomlEntry(text: string, path: EntryPath): readonly Edit[] {
  const { tree, entries } = mustOpen(text, path[0]);
  if (!Object.hasOwn(entries, path[1])) return [];
  const edits = spansOf(tree, path).map((span) => cut(text, span));
  return checked(text, edits, path, undefined);
}

interface Document {
  readonly tree: AST.TOMLProgram;
  readonly entries: Readonly<Record<string, unknown>>;
  readonly hasSection: boolean;
}

function open(text: string, section: string): Document | { readonly problem: string } {
  const read = parseText(text);
  if ('problem' in read) return read;
  let tree: AST.TOMLProgram;
  try {
    tree = parseTOML(text, { tomlVersion: 'next' });
  } catch {
    // Readers differ on it, so it is not ours to edit; what the parser says may quote the text.
    return { problem: 'is TOML that not every program reads' };
  }
  const value = read.root[section];
  if (value === undefined) return { tree, entries: {}, hasSection: false };
  if (!isTable(value)) return { problem: `has a "${section}" that is not a table` };
  const isInline = topOf(tree).body.some(
    (node) => node.type === 'TOMLKeyValue' && isDeepStrictEqual(keysOf(node.key), [section]),
  );
  if (isInline)
    return { problem: `has "${section}" on one line in braces, where each server needs a table of its own` };
  return { tree, entries: value, hasSection: true };
}

function mustOpen(text: string, section: string): Document {
  const document = open(text, section);
  if ('problem' in document) throw new NucleusError('CONFIG_INVALID', `the text ${document.problem}`);
  return document;
}

function parseText(
  text: string,
): { readonly root: Readonly<Record<string, unknown>> } | { readonly problem: string } {
  try {
    return { root: plain(parse(text, { integersAsBigInt: 'asNeeded' })) as Record<string, unknown> };
  } catch (error) {
    if (error instanceof TomlError)
      return { problem: `is not valid TOML (line ${error.line}, column ${error.column})` };
    // The parser calls itself for each level.
    if (error instanceof RangeError) return { problem: 'is nested too deep to be read' };
    throw error;
  }
}

/** Lines of the text that hold a part of an entry. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly isTable: boolean;
  /** Whether it is the entry's own table, where its header stands. */
  readonly isOwn: boolean;
}

/** From the last to the first. */
function spansOf(tree: AST.TOMLProgram, path: EntryPath): Span[] {
  const spans: Span[] = [];
  const look = (node: AST.TOMLKeyValue | AST.TOMLTable, above: readonly (string | number)[]): void => {
    const keys = node.type === 'TOMLTable' ? node.resolvedKey : [...above, ...keysOf(node.key)];
    const isTable = node.type === 'TOMLTable';
    if (keys[0] === path[0] && keys[1] === path[1]) {
      const isOwn = isTable && node.kind === 'standard' && keys.length === 2;
      spans.push({ start: node.range[0], end: node.range[1], isTable, isOwn });
    } else if (isTable) for (const child of node.body) look(child, keys);
  };
  for (const node of topOf(tree).body) look(node, []);
  return spans.sort((a, b) => b.start - a.start);
}

/** Takes whole lines out, what stands beside them included; of the blank lines around a table one is enough. */
function cut(text: string, { start, end, isTable }: Span): Edit {
  let first = text.lastIndexOf('\n', start - 1) + 1;
  let last = end + (/^[^\n]*(?:\n|$)/.exec(text.slice(end))?.[0].length ?? 0);
  if (isTable) {
    const before = /(?:^|\n)([ \t]*\r?\n)$/.exec(text.slice(0, first))?.[1];
    const after = /^[ \t]*\r?\n/.exec(text.slice(last))?.[0];
    if (last === text.length) first -= before?.length ?? 0;
    else if (after !== undefined && (first === 0 || before !== undefined)) last += after.length;
  }
  return { offset: first, length: last - first, content: '' };
}

function write(text: string, [section, name]: EntryPath, value: object): string {
  return stringify({ [section]: { [name]: value } })
    .trimEnd()
    .replaceAll('\n', eolOf(text));
}

/** A mistake here would break the configuration of somebody else's program: what we wrote is read back first. */
function checked(
  text: string,
  edits: readonly Edit[],
  path: EntryPath,
  value: object | undefined,
): readonly Edit[] {
  const after = parseText(applyEdits(text, edits));
  if ('problem' in after)
    throw new NucleusError(
      'CONFIG_INVALID',
      `the text keeps its "${path[0]}" in a form that takes no further table`,
    );
  const before = parseText(text);
  const expected = 'problem' in before ? {} : withEntry(before.root, path, value);
  if (!isDeepStrictEqual(withEntry(after.root, path, value), expected) || !has(after.root, path, value))
    throw new NucleusError(
      'INTERNAL',
      `the edit of ${path.join('.')} would have changed more than that entry`,
    );
  return edits;
}

/** The document with this entry, and without a section that is left empty. */
function withEntry(
  root: Readonly<Record<string, unknown>>,
  [section, name]: EntryPath,
  value: object | undefined,
): object {
  const { [section]: found, ...rest } = root;
  const { [name]: _former, ...entries } = isTable(found) ? found : {};
  const kept = value === undefined ? entries : { ...entries, [name]: value };
  return Object.keys(kept).length === 0 ? rest : { ...rest, [section]: kept };
}

function has(
  root: Readonly<Record<string, unknown>>,
  [section, name]: EntryPath,
  value: object | undefined,
): boolean {
  const found = root[section];
  return isDeepStrictEqual(isTable(found) && Object.hasOwn(found, name) ? found[name] : undefined, value);
}

function topOf(tree: AST.TOMLProgram): AST.TOMLTopLevelTable {
  return tree.body[0];
}

function keysOf(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

/** smol-toml makes objects without a prototype, which no comparison takes for equal to others. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}

function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
