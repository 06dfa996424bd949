import { isDeepStrictEqual } from 'node:util';
import { parse, type TomlTable } from 'smol-toml';
import { NucleusError } from '../../../src-shared/errors.ts';
import { layOut, type Layout, type Statement } from './positions.ts';

/** A key of a section, as `[surface] mode`. */
export type SectionKey = readonly [section: string, key: string];
export type SettableValue = string | number | boolean | readonly string[];

/**
 * A TOML text with one key set, and every other byte as it was. The text must be one the parser accepts. Throws
 * CONFIG_INVALID for one that is laid out in a way where that cannot be done.
 */
export function setKey(text: string, path: SectionKey, value: SettableValue): string {
  const layout = layOut(text);
  const wanted = withKey(parse(text), path, value);
  for (const way of layout ? ways : []) {
    const edited = way(text, layout as Layout, path, formatValue(value));
    if (edited !== null && means(edited, wanted)) return edited;
  }
  throw new NucleusError(
    'CONFIG_INVALID',
    `${path.join('.')} cannot be set without changing other lines of the file; write it there by hand`,
  );
}

/** null where the way does not lead anywhere. What it makes is checked. */
type Way = (text: string, layout: Layout, path: SectionKey, value: string) => string | null;

/** Tried in this order. */
const ways: readonly Way[] = [
  replaceValue,
  addToInlineTable,
  addBelowHeader,
  addBesideDottedKeys,
  addSection,
];

function replaceValue(text: string, layout: Layout, path: SectionKey, value: string): string | null {
  const span = layout.value(path);
  // The comments between the items of a list would go with it.
  return span && !span.hasComments ? splice(text, span.from, span.to, value) : null;
}

/** `surface = { budget = 1 }` */
function addToInlineTable(
  text: string,
  layout: Layout,
  [section, key]: SectionKey,
  value: string,
): string | null {
  const span = layout.value([section]);
  if (!span || layout.value([section, key])) return null;
  const inside = text.slice(span.from + 1, span.to - 1);
  const pair = inside.trim() === '' ? ` ${key} = ${value} ` : ` ${key} = ${value},`;
  return splice(text, span.from + 1, span.from + 1 + (inside.trim() === '' ? inside.length : 0), pair);
}

function addBelowHeader(
  text: string,
  layout: Layout,
  [section, key]: SectionKey,
  value: string,
): string | null {
  const own = layout.statements.filter(({ table }) => table.length === 1 && table[0] === section);
  return addBelow(text, own, `${key} = ${value}`);
}

/** `surface.budget = 1`, above all headers */
function addBesideDottedKeys(
  text: string,
  layout: Layout,
  [section, key]: SectionKey,
  value: string,
): string | null {
  const own = layout.statements.filter(({ table, path }) => table.length === 0 && path[0] === section);
  return addBelow(text, own, `${section}.${key} = ${value}`);
}

function addSection(text: string, _layout: Layout, [section, key]: SectionKey, value: string): string {
  const end = endOfLine(text);
  const open = text === '' || text.endsWith('\n') ? '' : end;
  const blank = text.trim() === '' ? '' : end;
  return `${text}${open}${blank}[${section}]${end}${key} = ${value}${end}`;
}

/** A line of its own below the last of the statements, indented as that one is. */
function addBelow(text: string, statements: readonly Statement[], line: string): string | null {
  const last = statements.at(-1);
  if (!last) return null;
  const begins = text.lastIndexOf('\n', last.from - 1) + 1;
  const [indent = ''] = /^[ \t]*/.exec(text.slice(begins, last.from)) ?? [];
  const end = endOfLine(text);
  const newline = text.indexOf('\n', last.to);
  return newline === -1
    ? `${text}${end}${indent}${line}`
    : splice(text, newline + 1, newline + 1, `${indent}${line}${end}`);
}

function splice(text: string, from: number, to: number, content: string): string {
  return text.slice(0, from) + content + text.slice(to);
}

function endOfLine(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function formatValue(value: SettableValue): string {
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
  if (typeof value === 'object') return `[${value.map(formatValue).join(', ')}]`;
  return String(value);
}

/** What the document is to mean. */
function withKey(document: TomlTable, [section, key]: SectionKey, value: SettableValue): TomlTable {
  const table = document[section] ?? {};
  if (typeof table === 'object') (table as TomlTable)[key] = typeof value === 'object' ? [...value] : value;
  document[section] = table;
  return document;
}

function means(text: string, wanted: TomlTable): boolean {
  try {
    return isDeepStrictEqual(plain(parse(text)), plain(wanted));
  } catch {
    return false; // Not TOML any more: this way was the wrong one.
  }
}

/** The parser's tables have no prototype, ours have. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
