import type { DataSource } from './comparison.ts';
import { parseExact } from './exact-json.ts';
import { readTable } from './read-table.ts';
import { unwrapText } from './shapes.ts';
import type { Value } from './value.ts';

interface Found {
  readonly source: DataSource;
  readonly value: Value;
}

/** Text that holds text that holds … is opened this often. */
const wrappings = 3;
/** Tags that are looked into: HTML has thousands. */
const tagTries = 4;

/** The data that a text is or holds; null when it is only text. */
export function readText(text: string): Found | null {
  return read(trim(text), wrappings);
}

function read(text: string, left: number): Found | null {
  const whole = parseData(text);
  if (whole !== undefined) return unwrapped({ source: 'JSON', value: whole }, left);
  const found = inFence(text) ?? inTags(text) ?? jsonLines(text) ?? readTable(text) ?? afterText(text);
  return found && unwrapped(found, left);
}

/** A string, or an object with one string, may be the wrapping of the data proper. */
function unwrapped(found: Found, left: number): Found | null {
  const inner = unwrapText(found.value);
  if (inner === null) return found;
  const deeper = left > 0 ? read(trim(inner), left - 1) : null;
  // A lone string is better compared line by line.
  return deeper ?? (typeof found.value === 'string' ? null : found);
}

/** Objects, lists and quoted strings. A bare number or word is text. */
function parseData(text: string): Value | undefined {
  if (!/^[[{"]/.test(text)) return undefined;
  try {
    return parseExact(text) as Value;
  } catch {
    // Text that only begins like JSON.
    return undefined;
  }
}

/** The one fenced block of a text: ```json … ```. With several, none is the data. */
function inFence(text: string): Found | null {
  const fence = /^(`{3,}|~{3,})[^\n`]*$/gm;
  const open = fence.exec(text);
  const close = open && fence.exec(text);
  if (!open || !close || close[0].trim() !== open[1] || fence.exec(text)) return null;
  const inside = trim(text.slice(open.index + open[0].length, close.index));
  const value = parseData(inside);
  if (value !== undefined) return { source: 'JSON in a code fence', value };
  return jsonLines(inside) ?? readTable(inside);
}

/**
 * What stands between `<untrusted-data-…>` and `</untrusted-data-…>`, each on a line of its own; any tag will do. The
 * name differs from call to call, and is named in the sentences around it too, so the lines are what counts.
 */
function inTags(text: string): Found | null {
  const open = /^[ \t]*<([A-Za-z][\w.:-]*)>[ \t]*$/gm;
  for (let tries = 0; tries < tagTries; tries++) {
    const tag = open.exec(text);
    if (!tag) return null;
    const from = tag.index + tag[0].length;
    const to = text.lastIndexOf(`</${tag[1]}>`);
    if (to < from) continue;
    const inside = trim(text.slice(from, to));
    const value = parseData(inside);
    if (value !== undefined) return { source: 'JSON inside of tags', value };
    const table = jsonLines(inside) ?? readTable(inside);
    if (table) return table;
  }
  return null;
}

function jsonLines(text: string): Found | null {
  if (!text.startsWith('{') || !text.includes('\n')) return null;
  const value: Value[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const item = parseData(line.trim());
    if (item === undefined) return null;
    value.push(item);
  }
  return { source: 'JSON lines', value };
}

/** `3 users found:` and then JSON to the end. */
function afterText(text: string): Found | null {
  const at = /^[[{]/m.exec(text)?.index;
  const value = at === undefined || at === 0 ? undefined : parseData(text.slice(at));
  return value === undefined ? null : { source: 'JSON after other text', value };
}

/** Without blanks at both ends, but for tabs: they may be the empty cells of a table. */
function trim(text: string): string {
  const isBlank = (at: number): boolean => ' \r\n\ufeff'.includes(text.charAt(at));
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}
