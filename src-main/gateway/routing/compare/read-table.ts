import type { DataSource } from './comparison.ts';
import type { Row, Value } from './value.ts';

interface FoundTable {
  readonly source: DataSource;
  readonly value: Value;
}

/** Longer than this, the first line is a sentence and no header. */
const longestName = 64;

/** The rows of a text that is a table; their cells are text. Null when it is none, or several. */
export function readTable(text: string): FoundTable | null {
  const lines = text.split(/\r?\n/);
  return readDrawn(lines) ?? readSeparated(text, '\t', 'TSV') ?? readSeparated(text, ',', 'CSV');
}

/** A rule between header and rows: Markdown's `|---|:-:|`, psql's `----+----`, MySQL's `+----+----+`, drawn boxes. */
const rule = /^[|+:\-=─━┌┬┐├┼┤└┴┘│╞╪╡ \t]+$/;

function readDrawn(lines: readonly string[]): FoundTable | null {
  const isRule = (line: string): boolean => rule.test(line) && /[-=─━]{2}|:-|-:|\|\s*-\s*\|/.test(line);
  const isCells = (line: string): boolean => /[|│]/.test(line) && !isRule(line);
  const header = lines.findIndex((line, at) => isCells(line) && isRule(lines[at + 1] ?? ''));
  // psql draws a single column without any bar.
  if (header < 0) return null;
  const isMarkdown = /^\|?[ \t]*:?-+:?[ \t]*\|/.test((lines[header + 1] as string).trim());
  const isBoxed = /^[|│]/.test((lines[header] as string).trim());
  const names = cellsOf(lines[header] as string, isBoxed);
  if (!areNames(names)) return null;
  const rows: Row[] = [];
  let at = header + 2;
  for (; at < lines.length; at++) {
    const line = lines[at] as string;
    if (isRule(line)) continue;
    if (!isCells(line)) break;
    const cells = cellsOf(line, isBoxed);
    if (cells.length !== names.length) return null;
    rows.push(rowOf(names, cells));
  }
  // A second table, and it is no longer plain what the data is.
  if (lines.slice(at).some((line, index, rest) => isCells(line) && isRule(rest[index + 1] ?? '')))
    return null;
  return { source: isMarkdown ? 'a Markdown table' : 'a drawn table', value: rows };
}

/** psql's lines have no bars at their ends, so there an empty first cell is only blanks. */
function cellsOf(line: string, isBoxed: boolean): string[] {
  const bare = isBoxed
    ? line
        .trim()
        .replace(/^[|│]/, '')
        .replace(/(?<!\\)[|│]$/, '')
    : line;
  return bare.split(/(?<!\\)[|│]/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** RFC 4180, every line with as many cells as the header, two at least. */
function readSeparated(text: string, separator: string, source: DataSource): FoundTable | null {
  if (!text.slice(0, text.indexOf('\n') + 1).includes(separator)) return null;
  const [names, ...lines] = separatedCells(text, separator) ?? [];
  if (!names || names.length < 2 || !areNames(names) || lines.length === 0) return null;
  // `Dear all, …` has a blank after its comma.
  if (names.some((name) => name !== name.trim())) return null;
  if (lines.some((cells) => cells.length !== names.length)) return null;
  return { source, value: lines.map((cells) => rowOf(names, cells)) };
}

function separatedCells(text: string, separator: string): string[][] | null {
  const lines: string[][] = [];
  const special = new RegExp(`[${separator}\\n]`, 'g');
  let cells: string[] = [];
  for (let at = 0; at <= text.length;) {
    let cell: string;
    if (text[at] === '"') {
      const end = endOfQuoted(text, at);
      if (end < 0) return null;
      cell = text.slice(at + 1, end - 1).replaceAll('""', '"');
      at = end;
      if (text[at] === '\r') at++;
    } else {
      special.lastIndex = at;
      const end = special.exec(text)?.index ?? text.length;
      cell = text.slice(at, end);
      if (cell.endsWith('\r')) cell = cell.slice(0, -1);
      at = end;
    }
    cells.push(cell);
    const next = text[at];
    if (next !== undefined && next !== separator && next !== '\n') return null;
    if (next !== separator) {
      // An empty line between rows is none.
      if (cells.length > 1 || cells[0] !== '') lines.push(cells);
      cells = [];
    }
    at++;
  }
  return lines;
}

/** The place after the closing quote; a doubled one is part of the cell. */
function endOfQuoted(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at < 0 ? -1 : at + 1;
}

function areNames(names: readonly string[]): boolean {
  return (
    names.every((name) => name !== '' && name.length <= longestName) && new Set(names).size === names.length
  );
}

function rowOf(names: readonly string[], cells: readonly string[]): Row {
  return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? '']));
}
