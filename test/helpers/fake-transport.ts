import type { NucleusError } from '../../src-shared/errors.ts';
import type { Transport } from '../../src-main/gateway/upstream/transport.ts';

export interface Message {
  readonly jsonrpc?: string;
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Results by method; what is not named stays for the test to answer. A function makes the whole body. */
export type Answers = Readonly<
  Record<string, object | null | string | ((params: Readonly<Record<string, unknown>>) => Body | undefined)>
>;
type Body = { readonly result: unknown } | { readonly error: unknown };

/** An upstream in memory, whose side the test plays. */
export interface FakeTransport extends Transport {
  /** What the gateway sent, in order. */
  readonly sent: readonly Message[];
  /** The requests and notifications of a method the gateway sent. */
  received(method: string): readonly Message[];
  /** The id of the last request of a method. */
  idOf(method: string): number;
  /** One line to the gateway: an object as JSON, a text or bytes as they are. */
  say(line: object | string): void;
  /** Answers the last request of a method. */
  answer(method: string, result: unknown): void;
  /** A line over the limit, of which only the ends are left. */
  overflow(head: string, tail: string, length: number): void;
  /** The answer to one request is lost while the rest lives, as over HTTP. */
  lose(id: number, error: NucleusError): void;
  /** Takes nothing new any more, as when a session over HTTP is gone. */
  wither(what?: string): void;
  /** Ends by itself. */
  die(what?: string): void;
  /** Lets a held `close()` end. */
  finishClose(): void;
  /** Ids nobody waits for any more. */
  readonly abandoned: readonly number[];
  readonly isEnded: boolean;
  /** How often `close()` was called. */
  readonly closes: number;
  /** false: the upstream does not read what it is sent. */
  isReading: boolean;
  stderr: string;
}

/** An answer to initialize as a plain server gives it. */
export const greeting = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'fake', version: '1.2.3' },
};

/** `holdClose`: a close() lasts until `finishClose`, as with a server that ends slowly. */
export function createFakeTransport(
  options: { readonly answers?: Answers; readonly pid?: number; readonly holdClose?: boolean } = {},
): FakeTransport {
  const sent: Message[] = [];
  const abandoned: number[] = [];
  const gone = Promise.withResolvers<void>();
  let isEnded = false;
  let closes = 0;

  const end = (kind: 'asked' | 'exited', what: string): void => {
    if (isEnded) return;
    isEnded = true;
    transport.onEnd({ kind, what });
    gone.resolve();
  };

  const transport: FakeTransport = {
    pid: options.pid ?? 4711,
    sent,
    abandoned,
    isReading: true,
    stderr: '',
    get isEnded() {
      return isEnded;
    },
    get closes() {
      return closes;
    },
    onLine: () => null,
    onOverflow: () => {},
    onLost: () => {},
    onStale: () => {},
    onEnd: () => {},
    abandon: (id) => void abandoned.push(id),
    stderrTail: () => transport.stderr,
    send(text) {
      if (!transport.isReading || isEnded) return false;
      const message = JSON.parse(text) as Message;
      sent.push(message);
      const { method, id } = message;
      if (
        method !== undefined &&
        id !== undefined &&
        options.answers &&
        Object.hasOwn(options.answers, method)
      ) {
        const answer = options.answers[method];
        const body = typeof answer === 'function' ? answer(message.params ?? {}) : { result: answer };
        queueMicrotask(() => {
          if (!isEnded && body) transport.say({ jsonrpc: '2.0', id, ...body });
        });
      }
      return true;
    },
    close() {
      closes += 1;
      if (!options.holdClose) end('asked', 'exited with code 0');
      return gone.promise;
    },
    received: (method) => sent.filter((message) => message.method === method),
    idOf(method) {
      const id = sent.findLast((message) => message.method === method)?.id;
      if (typeof id !== 'number') throw new Error(`the gateway sent no ${method}`);
      return id;
    },
    say: (line) => void transport.onLine(Buffer.isBuffer(line) ? line : Buffer.from(textOf(line))),
    answer: (method, result) => transport.say({ jsonrpc: '2.0', id: transport.idOf(method), result }),
    overflow: (head, tail, length) => transport.onOverflow(Buffer.from(head), Buffer.from(tail), length),
    lose: (id, error) => transport.onLost(id, error),
    wither: (what = 'ended the session') => transport.onStale(what),
    die: (what = 'exited with code 1') => end('exited', what),
    finishClose: () => end('asked', 'exited with code 0'),
  };
  return transport;
}

function textOf(line: object | string): string {
  return typeof line === 'string' ? line : JSON.stringify(line);
}
