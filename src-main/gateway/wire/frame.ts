import { errorTable, toNucleusError } from '../../../src-shared/errors.ts';
import { numberText, parseExactly } from './exact.ts';

/** A JSON-RPC id. 0 and '' are legal, so test for undefined, never for truth. */
export type Id = string | number;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** Parameters as they came: only the keys we interpret are looked at, the rest passes. */
export type Params = Record<string, unknown>;

/** A message whose envelope was checked; params stay raw. */
export type Frame =
  | {
      readonly kind: 'request';
      readonly id: Id;
      readonly method: string;
      readonly params: Params | undefined;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Params | undefined }
  | { readonly kind: 'response'; readonly id: Id | null; readonly message: Params }
  | { readonly kind: 'invalid'; readonly id: Id | null; readonly reason: 'json' | 'envelope' | 'batch' };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON of a line that is only looked at, or undefined when it is not valid UTF-8 JSON; a byte order mark is forgiven. */
export function parseJson(line: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(line)) as unknown;
  } catch {
    return undefined;
  }
}

/** As `parseJson`, for a line of which something is written again: no number is lost (wire/exact.ts). */
export function parseWhole(line: Uint8Array): unknown {
  try {
    return parseExactly(utf8.decode(line));
  } catch {
    return undefined;
  }
}

/** Reads the envelope of one message and nothing else (JSON-RPC 2.0 section 4). */
export function parseFrame(line: Uint8Array): Frame {
  const message = parseWhole(line);
  if (message === undefined) return { kind: 'invalid', id: null, reason: 'json' };
  if (Array.isArray(message)) return { kind: 'invalid', id: null, reason: 'batch' };
  if (!isObject(message)) return { kind: 'invalid', id: null, reason: 'envelope' };
  const { method, params } = message;
  const id = plainId(message['id']);
  const known = isId(id) ? id : null;
  if (typeof method === 'string') {
    if (params !== undefined && !isObject(params)) return { kind: 'invalid', id: known, reason: 'envelope' };
    if (id === undefined) return { kind: 'notification', method, params };
    return known === null
      ? { kind: 'invalid', id: null, reason: 'envelope' }
      : { kind: 'request', id: known, method, params };
  }
  // An error to something that could not be read has no id; no response is ever answered.
  if ('result' in message || 'error' in message) return { kind: 'response', id: known, message };
  return { kind: 'invalid', id: known, reason: 'envelope' };
}

export function isObject(value: unknown): value is Params {
  // A number kept as its text is an object to JavaScript only.
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && numberText(value) === undefined
  );
}

/** Levels of what we keep or put into messages of ours. JSON can be read to any depth, and not be written to any. */
const maxDepth = 500;

/** Whether objects and lists stand in each other on more levels than anything has that was meant well. */
export function isTooDeep(value: unknown, levels = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}

/** An id that no double holds is none that could be told from others; it is answered as far as one holds it. */
function plainId(value: unknown): unknown {
  const text = numberText(value);
  return text === undefined ? value : Number(text);
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

/** One line for the wire, without its newline. */
export function encode(message: object): string {
  return JSON.stringify({ jsonrpc: '2.0', ...message });
}

/** As `encode`; null for what an upstream sent nested too deeply to be written again. */
export function tryEncode(message: object): string | null {
  try {
    return encode(message);
  } catch {
    // A RangeError: it could be read, but not be written.
    return null;
  }
}

/** The JSON-RPC error object of any thrown value; what it says is the sentence people read too. */
export function errorObject(thrown: unknown): { code: number; message: string; data?: object } {
  const error = toNucleusError(thrown);
  return {
    code: errorTable[error.code].rpc,
    message: error.message,
    data: { ...error.data, code: error.code },
  };
}
