import { pathId, type KeyPath } from './key-path.ts';

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Part of a text, from an offset up to another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The value of a key, with nothing around it. */
export interface ValueSpan extends Span {
  /** Comments stand between its items. */
  readonly hasComments: boolean;
}

/** One `key = value` or one header, without what stands behind it on its line. */
export interface Statement extends Span {
  /** The table it stands in; a header stands in its own. */
  readonly table: KeyPath;
  /** What it sets; of a header, its table. */
  readonly path: KeyPath;
}

/** How a TOML document is laid out. */
export interface Layout {
  /** Where a key or a list item begins. */
  offset(path: KeyPath): number | null;
  /** null for a table that has a header. */
  value(path: KeyPath): ValueSpan | null;
  readonly statements: readonly Statement[];
}

/**
 * Where the keys of a TOML document stand; list items stand where they begin. For documents the parser has accepted:
 * it says what a document means, this only where. Whatever is not understood ends in no position, never a wrong one.
 */
export function locateKeys(text: string): (path: KeyPath) => Position | null {
  const layout = layOut(text);
  return (path) => {
    const offset = layout?.offset(path) ?? null;
    return offset === null ? null : positionOf(text, offset);
  };
}

/** The layout of a document the parser has accepted, null when it is not understood. */
export function layOut(text: string): Layout | null {
  const offsets = new Map<string, number>();
  const values = new Map<string, ValueSpan>();
  const statements: Statement[] = [];
  try {
    scanDocument(createScanner(text), {
      key(path, offset) {
        const id = pathId(path);
        if (!offsets.has(id)) offsets.set(id, offset);
      },
      value: (path, span) => void values.set(pathId(path), span),
      statement: (statement) => void statements.push(statement),
    });
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return null;
  }
  return {
    offset: (path) => offsets.get(pathId(path)) ?? null,
    value: (path) => values.get(pathId(path)) ?? null,
    statements,
  };
}

/** Line and column of an offset. */
export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Is told what a scan comes by. */
interface Notes {
  key(path: KeyPath, offset: number): void;
  value(path: KeyPath, span: ValueSpan): void;
  statement(statement: Statement): void;
}

class NotUnderstood extends Error {}

/** A path is written down for each key on it, so one that never ends would fill the memory. */
const maxDepth = 100;

function below(path: KeyPath, part: PropertyKey): KeyPath {
  if (path.length >= maxDepth) throw new NotUnderstood();
  return [...path, part];
}

function scanDocument(scanner: Scanner, notes: Notes): void {
  let table: KeyPath = [];
  /** How many tables each list of tables has so far, by the list's path. */
  const lists = new Map<string, number>();
  /** A header's path means the newest table of every list on its way. */
  const resolve = (keys: readonly Key[], isList: boolean): KeyPath => {
    let path: KeyPath = [];
    keys.forEach(({ name, offset }, index) => {
      path = below(path, name);
      notes.key(path, offset);
      const count = lists.get(pathId(path)) ?? 0;
      if (isList && index === keys.length - 1) {
        lists.set(pathId(path), count + 1);
        path = below(path, count);
        notes.key(path, offset);
      } else if (count > 0) path = below(path, count - 1);
    });
    return path;
  };

  for (scanner.skipBlank(); !scanner.isAtEnd(); scanner.skipBlank()) {
    const from = scanner.offset();
    let path: KeyPath;
    if (scanner.take('[')) {
      const isList = scanner.take('[');
      path = table = resolve(readKeys(scanner), isList);
      scanner.expect(isList ? ']]' : ']');
    } else path = scanPair(scanner, table, notes);
    notes.statement({ table, path, from, to: scanner.offset() });
  }
}

/** The path it sets. */
function scanPair(scanner: Scanner, table: KeyPath, notes: Notes): KeyPath {
  let path = table;
  for (const { name, offset } of readKeys(scanner)) {
    path = below(path, name);
    notes.key(path, offset);
  }
  scanner.expect('=');
  scanner.skipSpaces();
  const from = scanner.offset();
  const before = scanner.comments();
  scanValue(scanner, path, notes);
  notes.value(path, { from, to: scanner.offset(), hasComments: scanner.comments() > before });
  return path;
}

function scanValue(scanner: Scanner, path: KeyPath, notes: Notes): void {
  if (scanner.take('[')) {
    for (let index = 0; ; index++) {
      scanner.skipBlank();
      if (scanner.take(']')) return;
      const item = below(path, index);
      notes.key(item, scanner.offset());
      scanValue(scanner, item, notes);
      scanner.skipBlank();
      if (!scanner.take(',')) return scanner.expect(']');
    }
  }
  if (scanner.take('{')) {
    for (;;) {
      scanner.skipBlank();
      if (scanner.take('}')) return;
      scanPair(scanner, path, notes);
      scanner.skipBlank();
      if (!scanner.take(',')) return scanner.expect('}');
    }
  }
  scanner.skipScalar();
}

interface Key {
  readonly name: string;
  readonly offset: number;
}

/** `a."b c".d` and the space around it. */
function readKeys(scanner: Scanner): readonly Key[] {
  const keys: Key[] = [];
  do {
    scanner.skipSpaces();
    const offset = scanner.offset();
    keys.push({ name: scanner.readKey(), offset });
    scanner.skipSpaces();
  } while (scanner.take('.'));
  return keys;
}

interface Scanner {
  offset(): number;
  isAtEnd(): boolean;
  /** Goes past the text when it is next. */
  take(text: string): boolean;
  expect(text: string): void;
  /** Spaces and tabs. */
  skipSpaces(): void;
  /** The same with ends of lines and comments. */
  skipBlank(): void;
  /** How many runs with comments were gone past. */
  comments(): number;
  readKey(): string;
  /** A string of any of the four kinds, a number, a date, true or false. */
  skipScalar(): void;
}

function createScanner(text: string): Scanner {
  let at = 0;
  let comments = 0;
  /** What the pattern matches from here on; null when nothing. The pattern is sticky. */
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  const need = (pattern: RegExp): string => {
    const found = match(pattern);
    if (found === null) throw new NotUnderstood();
    return found;
  };
  return {
    offset: () => at,
    isAtEnd: () => at >= text.length,
    take(wanted) {
      if (!text.startsWith(wanted, at)) return false;
      at += wanted.length;
      return true;
    },
    expect(wanted) {
      if (!this.take(wanted)) throw new NotUnderstood();
    },
    skipSpaces: () => void match(/[ \t]*/y),
    skipBlank() {
      if (match(/(?:[ \t\r\n]+|#[^\n]*)*/y)?.includes('#') === true) comments += 1;
    },
    comments: () => comments,
    readKey() {
      if (text[at] === '"') return unescape(need(/"(?:[^"\\\n]|\\.)*"/y).slice(1, -1));
      if (text[at] === "'") return need(/'[^'\n]*'/y).slice(1, -1);
      return need(/[A-Za-z0-9_-]+/y);
    },
    skipScalar() {
      if (text.startsWith('"""', at)) need(/"""(?:[^"\\]|\\[^]|"(?!""))*"{3,5}/y);
      else if (text.startsWith("'''", at)) need(/'''(?:[^']|'(?!''))*'{3,5}/y);
      else if (text[at] === '"') need(/"(?:[^"\\\n]|\\.)*"/y);
      else if (text[at] === "'") need(/'[^'\n]*'/y);
      // A date and its time may stand apart by one space.
      else need(/[^\s,[\]{}#"'=]+(?: \d\d:[^\s,[\]{}#"'=]+)?/y);
    },
  };
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};

function unescape(text: string): string {
  return text.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^]))/g,
    (_, two?: string, four?: string, eight?: string, letter = '') => {
      const code = two ?? four ?? eight;
      const char = code === undefined ? escapes[letter] : String.fromCodePoint(parseInt(code, 16));
      if (char === undefined) throw new NotUnderstood();
      return char;
    },
  );
}
