import type { Readable, Writable } from 'node:stream';
import { withDeadline } from './until.ts';

/** One JSON-RPC message, looked at field by field. */
export interface Message {
  readonly jsonrpc?: string;
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  // What a result holds is for the test to say.
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A client on the wire itself: what it sends and sees are lines. */
export interface Lines {
  /** Every line seen so far, in order, as it came. */
  readonly seen: readonly string[];
  /** Sends an object as one line, or a text as it is with a line end. */
  send(message: object | string): void;
  /** The first message not yet taken that fits; the others stay. */
  next(what: string, fits: (message: Message) => boolean, within?: number): Promise<Message>;
  /** Sends a request with an id of its own and takes the answer, an error too. */
  request(method: string, params?: object, within?: number): Promise<Message>;
  /** As `request`, for when only a result will do. */
  ask(method: string, params?: object, within?: number): Promise<Record<string, unknown>>;
  call(name: string, args?: object, within?: number): Promise<Record<string, unknown>>;
  notify(method: string, params?: object): void;
  /** initialize and initialized, as a legacy client says them; the result of initialize. */
  initialize(within?: number): Promise<Record<string, unknown>>;
  /** Fails everything waited for; whoever made the streams closes them. */
  end(reason: string): void;
}

/** Lines over a pair of streams. */
export function createLines(input: Readable, output: Writable): Lines {
  const seen: string[] = [];
  const untaken: Message[] = [];
  const waiting = new Set<{
    fits: (message: Message) => boolean;
    take: (m: Message) => void;
    fail: (e: Error) => void;
  }>();
  let lastId = 0;
  let ended: Error | undefined;
  // Collected in pieces: an answer of 32 MiB must not be copied with each of them.
  let pieces: Buffer[] = [];

  const accept = (line: string) => {
    seen.push(line);
    const message = parse(line);
    for (const waiter of waiting) {
      if (!waiter.fits(message)) continue;
      waiting.delete(waiter);
      return waiter.take(message);
    }
    untaken.push(message);
  };
  input.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      accept(Buffer.concat([...pieces, chunk.subarray(from, end)]).toString());
      pieces = [];
      from = end + 1;
    }
    pieces.push(chunk.subarray(from));
  });
  output.on('error', () => {
    // The other side is gone; whoever waits for an answer hears of it by `end` or by the deadline.
  });

  const lines: Lines = {
    seen,
    send: (message) => {
      output.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
    },
    next: (what, fits, within = 20_000) => {
      const index = untaken.findIndex(fits);
      if (index >= 0) return Promise.resolve(untaken.splice(index, 1)[0] as Message);
      if (ended) return Promise.reject(ended);
      const { promise, resolve, reject } = Promise.withResolvers<Message>();
      const waiter = { fits, take: resolve, fail: reject };
      waiting.add(waiter);
      return withDeadline(what, promise, within).finally(() => waiting.delete(waiter));
    },
    request: (method, params, within) => {
      const id = ++lastId;
      lines.send({ jsonrpc: '2.0', id, method, ...(params && { params }) });
      return lines.next(
        `the answer to ${method} ${JSON.stringify(params ?? {}).slice(0, 200)}`,
        (m) => m.id === id && !m.method,
        within,
      );
    },
    ask: async (method, params, within) => {
      const answer = await lines.request(method, params, within);
      if (!answer.result) throw new Error(`${method} was answered with ${JSON.stringify(answer.error)}`);
      return answer.result;
    },
    call: (name, args = {}, within?) => lines.ask('tools/call', { name, arguments: args }, within),
    notify: (method, params) => lines.send({ jsonrpc: '2.0', method, ...(params && { params }) }),
    initialize: async (within) => {
      const result = await lines.ask(
        'initialize',
        {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'line-client', version: '1.0.0' },
        },
        within,
      );
      lines.notify('notifications/initialized');
      return result;
    },
    end: (reason) => {
      ended = new Error(reason);
      for (const waiter of waiting) waiter.fail(ended);
      waiting.clear();
    },
  };
  return lines;
}

function parse(line: string): Message {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return { method: `not JSON: ${line.slice(0, 200)}` };
  }
}
