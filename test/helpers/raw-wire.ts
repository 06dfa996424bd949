import { spawn } from 'node:child_process';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Scope } from './home.ts';
import { withDeadline } from './until.ts';

/** A client that is nothing but texts: what it sends goes out as it is, what it hears is kept as it came. */
export interface RawWire {
  /** Sends one message; over HTTP resolves when the server took it, or answered it. */
  send(text: string): Promise<void>;
  /** Breaks off what is being answered, which over HTTP is a cancel in the modern era; false where it is none. */
  drop(): boolean;
  /** Opens what a session hears unasked; a wire that hears it anyway does nothing. */
  listen(): Promise<void>;
  onHeard(take: (text: string) => void): void;
}

/** A server as a child, spoken to line by line. */
export function overStdio(
  scope: Scope,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): RawWire {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  scope.after(() => void child.kill('SIGKILL'));
  let take = (_text: string): void => {};
  let rest = '';
  // Not readline, for which a line ends at U+2028 too.
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  return {
    send: async (text) => void child.stdin.write(`${text}\n`),
    drop: () => false,
    listen: async () => {},
    onHeard: (taker) => (take = taker),
  };
}

interface Read {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const modern = '2026-07-28';

/** A server behind a URL; `revision` goes into the header of each request but the first. */
export function overHttp(scope: Scope, url: string, revision: string, token?: string): RawWire {
  let take = (_text: string): void => {};
  let session: string | null = null;
  let last: IncomingMessage | null = null;
  const isModern = revision === modern;

  function headersOf({ method, params }: Read): Record<string, string> {
    const name =
      params?.['name'] ?? params?.['uri'] ?? (method?.startsWith('tasks/') ? params?.['taskId'] : undefined);
    return {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(session !== null && { 'mcp-session-id': session }),
      ...((isModern || session !== null) && { 'mcp-protocol-version': revision }),
      ...(isModern && { 'mcp-method': String(method) }),
      ...(isModern && typeof name === 'string' && { 'mcp-name': name }),
    };
  }

  async function open(text: string | null): Promise<IncomingMessage> {
    const message = text === null ? {} : (JSON.parse(text) as Read);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = httpRequest(url, {
      method: text === null ? 'GET' : 'POST',
      agent: false,
      headers: {
        accept: text === null ? 'text/event-stream' : 'application/json, text/event-stream',
        ...(text !== null && { 'content-type': 'application/json' }),
        ...headersOf(message),
      },
    });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end(text ?? undefined);
    const response = await withDeadline(`an answer to ${text?.slice(0, 100)}`, promise);
    scope.after(() => void response.destroy());
    const given = response.headers['mcp-session-id'];
    if (typeof given === 'string') session = given;
    return response;
  }

  /** Hands out the messages of a response as they come. */
  async function read(response: IncomingMessage): Promise<void> {
    const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
    let rest = '';
    try {
      for await (const piece of response.setEncoding('utf8')) {
        rest += String(piece);
        if (!isStream) continue;
        const events = rest.split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const data = event
            .split('\n')
            .flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
          if (data.join('') !== '') take(data.join('\n'));
        }
      }
    } catch {
      // A stream we broke off, or that ends with the test.
    }
    if (!isStream && rest !== '') take(rest);
  }

  return {
    async send(text) {
      const response = await open(text);
      const { method, id } = JSON.parse(text) as Read;
      const done = read(response);
      if (method === undefined || id === undefined) return done;
      last = response;
    },
    drop() {
      if (isModern) last?.destroy();
      return isModern;
    },
    async listen() {
      if (!isModern) void read(await open(null));
    },
    onHeard: (taker) => (take = taker),
  };
}
