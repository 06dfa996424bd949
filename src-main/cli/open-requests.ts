import { parseFrame, type Id } from '../gateway/wire/frame.ts';
import { findRequestId } from '../gateway/wire/reply.ts';

/** A request longer than this is not parsed to learn its method. */
const parsedBytes = 65_536;
const endBytes = 256;

/** Asking these twice changes nothing, so they are asked again instead of failed. */
const harmless = new Set([
  'ping',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
]);

export interface OpenRequest {
  readonly id: Id;
  /** null: a large request whose method was not looked at; it is no harmless one. */
  readonly method: string | null;
  /** The request itself, when it may be asked again. */
  readonly line: Buffer | null;
}

/** What a client asked and was not answered yet, and how it opened its session: all a shim must know of MCP. */
export interface OpenRequests {
  /** A line of the client. */
  sent(line: Buffer): void;
  /** A line of the gateway; answers whether the client should see it. */
  received(line: Buffer): boolean;
  /** The lines that open a session, to be said again to another gateway; its answer to them is kept from the client. */
  opening(): Buffer[];
  /** Takes everything out that is open. */
  take(): OpenRequest[];
}

export function createOpenRequests(): OpenRequests {
  const open = new Map<string, OpenRequest>();
  let initialize: { id: Id; line: Buffer } | null = null;
  let isInitialized = false;
  let initialized: Buffer | null = null;
  let swallowed: string | null = null;

  return {
    sent(line) {
      const call = callOf(line);
      if (call) {
        open.set(JSON.stringify(call.id), { ...call, line: null });
        return;
      }
      const frame = parseFrame(line);
      if (frame.kind === 'notification' && frame.method === 'notifications/initialized') initialized = line;
      // A cancelled request gets no answer.
      if (frame.kind === 'notification' && frame.method === 'notifications/cancelled')
        open.delete(JSON.stringify(frame.params?.['requestId']));
      // The gateway answers this one too, with what is wrong.
      if (frame.kind === 'invalid' && frame.id !== null)
        open.set(JSON.stringify(frame.id), { id: frame.id, method: null, line: null });
      if (frame.kind !== 'request') return;
      const { id, method } = frame;
      if (method === 'initialize') initialize = { id, line };
      open.set(JSON.stringify(id), { id, method, line: harmless.has(method) ? line : null });
    },
    received(line) {
      const id = responseId(line);
      if (id === null) return true;
      const key = JSON.stringify(id);
      if (key === swallowed) {
        swallowed = null;
        return false;
      }
      if (initialize && key === JSON.stringify(initialize.id)) isInitialized = true;
      open.delete(key);
      return true;
    },
    opening() {
      if (!initialize) return [];
      // A client that never got its answer gets this one.
      swallowed = isInitialized ? JSON.stringify(initialize.id) : null;
      if (!isInitialized) open.set(JSON.stringify(initialize.id), { ...initialize, method: 'initialize' });
      return initialized ? [initialize.line, initialized] : [initialize.line];
    },
    take() {
      const requests = [...open.values()].filter(({ method }) => method !== 'initialize');
      open.clear();
      return requests;
    },
  };
}

const callHead =
  /^\{(?:"jsonrpc": ?"2\.0", ?"id": ?(?:\d{1,15}|"[^"\\\u0000-\u001f]{1,100}"), ?)?"method": ?"tools\/call",/;

/** What its ends tell of a call, or of a large request that may be one; null where they do not tell. */
function callOf(line: Buffer): { id: Id; method: string | null } | null {
  const head = line.subarray(0, endBytes);
  const isCall = callHead.test(head.toString('latin1'));
  if (!isCall && line.length <= parsedBytes) return null;
  const id = findRequestId(head, line.subarray(-endBytes));
  return id === null ? null : { id, method: isCall ? 'tools/call' : null };
}

const responseHead =
  /^\{"jsonrpc": ?"2\.0", ?"id": ?(\d{1,15}|"[^"\\\u0000-\u001f]{1,100}"), ?"(?:result|error)":/;
const responseTail = /, ?"id": ?(\d{1,15}|"[^"\\\u0000-\u001f]{1,100}")\}$/;
const responseStart = /^\{(?:"jsonrpc": ?"2\.0", ?)?"(?:result|error)": ?/;

/** The id of a response, or null for anything else. */
function responseId(line: Buffer): Id | null {
  const head = line.toString('utf8', 0, endBytes);
  const text =
    responseHead.exec(head)?.[1] ??
    (responseStart.test(head)
      ? responseTail.exec(line.toString('utf8', Math.max(0, line.length - endBytes)))?.[1]
      : undefined);
  if (text !== undefined) return JSON.parse(text) as Id;
  const frame = parseFrame(line);
  return frame.kind === 'response' ? frame.id : null;
}
