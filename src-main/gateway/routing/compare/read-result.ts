import { TextDecoder } from 'node:util';
import { createHash } from 'node:crypto';
import { accountKey } from '../account-label.ts';
import { parseExposedUri } from '../route.ts';
import type { DataSource } from './comparison.ts';
import { parseExact } from './exact-json.ts';
import { compareLimits } from './limits.ts';
import { readText } from './read-text.ts';
import { columnsToRows, unwrapText } from './shapes.ts';
import { cellOf, isList, isRow, type Row, type Value } from './value.ts';

/** The data of a result, as far as it has any, and its text. */
export interface Reading {
  readonly source: DataSource;
  /** Undefined: it is text, and compared line by line. */
  readonly value: Value | undefined;
  readonly text: string;
  /** Images, links and the like. */
  readonly others: readonly Value[];
}

export type ReadResult = Reading | { readonly problem: string };

const utf8 = new TextDecoder('utf-8');
/** Base64 of images, audio and files says nothing to a reader, so its hash is compared. */
const longData = 128;

/** Finds the data in the JSON of a result: the structured content, else JSON or a table in its text, else the text. */
export function readResult(json: string | Uint8Array): ReadResult {
  let message: unknown;
  try {
    message = parseExact(typeof json === 'string' ? json : utf8.decode(json));
  } catch (thrown) {
    // A RangeError where it is nested without end.
    return { problem: thrown instanceof RangeError ? tooDeep : 'its result is not JSON' };
  }
  if (isDeep(message)) return { problem: tooDeep };
  const result = resultIn(message as Value);
  if (!result) return { problem: 'it answered with a protocol error instead of a result' };
  const content = contentOf(result);
  const texts = content.flatMap(textOf);
  if (cellOf(result, 'isError') === true)
    return { problem: `the call failed: ${texts[0]?.trim() || 'no reason given'}` };

  const others = content.filter((block) => textOf(block).length === 0).map(withoutData);
  const text = texts.join('\n');
  const structured = cellOf(result, 'structuredContent');
  if (structured !== undefined && structured !== null) {
    const inner = unwrapText(structured);
    const found = inner === null ? null : readText(inner);
    return {
      source: found?.source ?? 'structuredContent',
      value: columnsToRows(found ? found.value : structured),
      text,
      others,
    };
  }
  const read = readTexts(texts);
  return {
    source: read?.source ?? 'text',
    value: read ? columnsToRows(read.value) : undefined,
    text,
    others,
  };
}

const tooDeep = `its result is nested deeper than ${compareLimits.nesting} levels`;

/** Several blocks that are all data are a list: some servers send a block for each row. */
function readTexts(texts: readonly string[]): { readonly source: DataSource; readonly value: Value } | null {
  if (texts.length === 1) return readText(texts[0] as string);
  const read = texts.map(readText);
  const found = read.filter((each) => each !== null);
  if (found.length === 1) return found[0] as (typeof found)[number];
  const [first] = found;
  if (!first || found.length < texts.length) return null;
  return { source: first.source, value: found.map(({ value }) => value) };
}

function resultIn(message: Value): Row | null {
  if (!isRow(message)) return null;
  if (!Object.hasOwn(message, 'jsonrpc')) return message;
  const result = cellOf(message, 'result');
  return isRow(result) ? result : null;
}

/** The blocks as the upstream sent them: the account they say they came from is not what is compared. */
function contentOf(result: Row): readonly Value[] {
  const content = cellOf(result, 'content');
  const meta = cellOf(result, '_meta');
  const account = isRow(meta) ? cellOf(meta, accountKey) : undefined;
  if (!isList(content)) return [];
  if (!isRow(account)) return content;
  const { connector, alias } = account;
  if (typeof connector !== 'string' || typeof alias !== 'string') return content;
  const line = `[account: ${connector}/${alias}`;
  const isLine = (block: Value, at: number): boolean =>
    at === content.length - 1 && textOf(block).some((text) => text.startsWith(line) && text.endsWith(']'));
  return content.filter((block, at) => !isLine(block, at)).map(withOwnUris);
}

/** Links lead through the gateway, by an address that says the account. */
function withOwnUris(block: Value): Value {
  if (!isRow(block)) return block;
  const { uri, resource } = block;
  return {
    ...block,
    ...(typeof uri === 'string' && { uri: parseExposedUri(uri)?.uri ?? uri }),
    ...(isRow(resource) && { resource: withOwnUris(resource) }),
  };
}

function textOf(block: Value): string[] {
  const text = isRow(block) && cellOf(block, 'type') === 'text' ? cellOf(block, 'text') : undefined;
  return typeof text === 'string' ? [text] : [];
}

function withoutData(value: Value): Value {
  if (isList(value)) return value.map(withoutData);
  if (!isRow(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      (name === 'data' || name === 'blob') && typeof item === 'string' && item.length > longData
        ? `sha256:${createHash('sha256').update(item).digest('hex')}`
        : withoutData(item),
    ]),
  );
}

/** Without recursion: what is asked is whether recursion is safe. */
function isDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > compareLimits.nesting) return true;
    const next: unknown[] = [];
    for (const item of level)
      if (typeof item === 'object' && item !== null)
        for (const child of Object.values(item)) if (typeof child === 'object' && child) next.push(child);
    level = next;
  }
  return false;
}
