import { encode, isObject, parseWhole, type Id, type Params } from './frame.ts';
import { change, type Change } from './splice.ts';

/** What a reply amounts to, for the record. */
export type Outcome = 'ok' | 'tool-error' | 'error';

/** The part of a line that holds its id: the bytes from `start` to `end`. */
interface IdSpan {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The answer to one of our requests. `raw` is the upstream's own line, forwarded byte for byte but for the id;
 * `made` is one we author ourselves.
 */
export type Reply =
  | RawReply
  | {
      readonly kind: 'made';
      readonly body: { readonly result: unknown } | { readonly error: unknown };
      /** Bytes of the upstream's line it was read from. */
      readonly size?: number;
    };

export interface RawReply {
  readonly kind: 'raw';
  readonly line: Buffer;
  readonly span: IdSpan;
  readonly outcome: Outcome;
  /** The line as it was parsed, where somebody may have to look into it again: an answer of the modern era. */
  readonly message?: Params;
}

// Both SDK families write `id` first or last. Only a response's own id can stand in these places: at the head before
// `result` or `error`, or directly before the brace that ends the line of a message that starts with one of them.
const headId = /^\{"jsonrpc": ?"2\.0", ?"id": ?(\d{1,15}), ?"(?:result|error)":/;
const tailId = /,\s?"id": ?(\d{1,15})\}$/;
const tailStart = /^\{(?:"jsonrpc": ?"2\.0", ?)?"(?:result|error)": ?/;
const window = 64;

/** Finds the numeric id of a response without parsing it; null when it is written in another way. */
export function findResponseId(head: Buffer, tail: Buffer = head): IdSpan | null {
  const start = head.toString('latin1', 0, window);
  const atHead = headId.exec(start);
  if (atHead) {
    const digits = atHead[1] as string;
    const from = atHead[0].indexOf(digits, atHead[0].indexOf('"id"'));
    return { id: Number(digits), start: from, end: from + digits.length };
  }
  if (!tailStart.test(start)) return null;
  const offset = Math.max(0, tail.length - window);
  const atTail = tailId.exec(tail.toString('latin1', offset));
  if (!atTail) return null;
  const digits = atTail[1] as string;
  const end = tail.length - 1;
  return { id: Number(digits), start: end - digits.length, end };
}

const requestHead = /^\{"jsonrpc": ?"2\.0", ?"id": ?(\d{1,15}|"[^"\\\u0000-\u001f]{1,100}"), ?"method":/;
const requestTail = /, ?"id": ?(\d{1,15}|"[^"\\\u0000-\u001f]{1,100}")\}$/;

/** The id of a request of which only both ends are known; null when it cannot be told. */
export function findRequestId(head: Buffer, tail: Buffer): Id | null {
  const text = requestHead.exec(head.toString('utf8'))?.[1] ?? requestTail.exec(tail.toString('utf8'))?.[1];
  return text === undefined ? null : (JSON.parse(text) as Id);
}

/** The bytes to write for a reply under the client's own id. */
export function encodeReply(reply: Reply, id: Id): (string | Uint8Array)[] {
  if (reply.kind === 'made') return [encode({ id, ...reply.body })];
  const { line, span } = reply;
  return [line.subarray(0, span.start), JSON.stringify(id), line.subarray(span.end)];
}

/** Where the members of the result begin, for a line as SDKs write it; else null. Nothing but its head is looked at. */
export function resultHead({ line, span }: RawReply): number | null {
  const isIdFirst = span.end < line.length - 1;
  if (isIdFirst)
    return line.toString('latin1', span.end, span.end + afterId.length) === afterId
      ? span.end + afterId.length
      : null;
  const head = line.toString('latin1', 0, atStart.length);
  if (head === atStart) return atStart.length;
  return head.startsWith(shortStart) ? shortStart.length : null;
}

const afterId = ',"result":{';
const atStart = '{"jsonrpc":"2.0","result":{';
const shortStart = '{"result":{';

/** The reply with bytes put into its result. */
export function insertReply({ line, span, outcome }: RawReply, at: number, bytes: Buffer): RawReply {
  const whole = Buffer.allocUnsafe(line.length + bytes.length);
  line.copy(whole, 0, 0, at);
  bytes.copy(whole, at);
  line.copy(whole, at + bytes.length, at);
  const grown = at < span.start ? bytes.length : 0;
  return {
    kind: 'raw',
    line: whole,
    span: { id: span.id, start: span.start + grown, end: span.end + grown },
    outcome,
  };
}

/** The reply with some bytes of its result changed. The changes are in their order and apart from each other. */
export function changeReply({ line, span, outcome }: RawReply, changes: readonly Change[]): RawReply {
  const { id, start, end } = span;
  const grown = changes
    .filter((one) => one.start < start)
    .reduce((sum, one) => sum + Buffer.byteLength(one.text) - (one.end - one.start), 0);
  return {
    kind: 'raw',
    line: change(line, changes),
    span: { id, start: start + grown, end: end + grown },
    outcome,
  };
}

/** Bytes the reply will take on the wire, give or take the id. */
export function replySize(reply: Reply): number {
  return reply.kind === 'raw' ? reply.line.length : (reply.size ?? 0);
}

/** The whole message of a reply as an object. Only for what we interpret; forwarding never needs it. */
export function readReply(reply: Reply): { result?: Params; error?: Params } {
  if (reply.kind === 'made') return reply.body as { result?: Params; error?: Params };
  const message = reply.message ?? parseWhole(reply.line);
  return isObject(message) ? message : {};
}

/** As `readReply`, for what is kept and written again: no number of it is lost. */
export function readExactly(reply: Reply): { result?: Params; error?: Params } {
  if (reply.kind === 'made') return readReply(reply);
  const message = parseWhole(reply.line);
  return isObject(message) ? message : {};
}

/** What a reply amounts to: a result, a result the tool calls an error, or a JSON-RPC error. */
export function replyOutcome(reply: Reply): Outcome {
  return reply.kind === 'raw' ? reply.outcome : outcomeOf(reply.body);
}

/** The outcome of a response message. `"error": null` beside a result is no error, though JSON-RPC forbids it. */
export function outcomeOf(message: { readonly result?: unknown; readonly error?: unknown }): Outcome {
  if (message.error !== undefined && message.error !== null) return 'error';
  return isObject(message.result) && message.result['isError'] === true ? 'tool-error' : 'ok';
}
