import { spawn, type ChildProcess } from 'node:child_process';
import {
  request as httpRequest,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Gateway } from './client.ts';
import type { Home, Scope } from './home.ts';
import type { Message } from './lines.ts';
import { definedOf, nucleusBin } from './nucleus.ts';
import { withDeadline } from './until.ts';

/** What an HTTP request of a test says, beyond its message. */
export interface Asked {
  /** `/mcp` where nothing is said. */
  readonly path?: string;
  readonly token?: string;
  readonly session?: string;
  readonly method?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as a message, or the one message of an event stream that is no notification. */
  readonly message: Message;
}

/** An event stream as it comes in. */
export interface Events {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Every event with data so far. */
  readonly seen: readonly Message[];
  /** The id of the last event, those without data counted. */
  lastId(): string | undefined;
  /** The first message not yet taken that fits. */
  next(what: string, fits: (message: Message) => boolean, within?: number): Promise<Message>;
  /** Resolves when the stream is over, whoever ended it. */
  ended(): Promise<void>;
  /** Breaks the connection. */
  destroy(): void;
}

const both = 'application/json, text/event-stream';

/** Sends a request and hands out the response as it begins. */
export function send(
  base: string,
  body: object | string | null,
  asked: Asked = {},
): Promise<IncomingMessage> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = httpRequest(new URL(asked.path ?? '/mcp', base), {
    method: asked.method ?? (body === null ? 'GET' : 'POST'),
    agent: asked.agent ?? false,
    signal: asked.signal,
    headers: {
      accept: asked.accept ?? (body === null ? 'text/event-stream' : both),
      ...(body !== null && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(asked.token !== undefined && { authorization: `Bearer ${asked.token}` }),
      ...(asked.session !== undefined && { 'mcp-session-id': asked.session }),
      ...asked.headers,
    },
  });
  sent.once('response', resolve);
  sent.once('error', reject);
  sent.end(body === null ? undefined : text);
  return withDeadline(`an answer to ${text.slice(0, 200)}`, promise);
}

/** Sends a request and reads its answer to the end. */
export async function ask(base: string, body: object | string | null, asked: Asked = {}): Promise<Answer> {
  const response = await send(base, body, asked);
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  response.once('end', resolve);
  response.once('error', reject);
  await withDeadline('the whole answer', promise).finally(() => response.destroy());
  const text = Buffer.concat(chunks).toString();
  const { statusCode: status = 0, headers } = response;
  return {
    status,
    headers,
    body: text,
    get message() {
      const isStream = headers['content-type']?.startsWith('text/event-stream') === true;
      const messages = isStream ? dataOf(text) : [text];
      const found = messages.map((data) => JSON.parse(data) as Message).find(({ method }) => !method);
      if (!found) throw new Error(`no answer in HTTP ${status}: ${text}`);
      return found;
    },
  };
}

/** A JSON-RPC request. */
export function rpc(method: string, params: object = {}, id: number | string = 1): object {
  return { jsonrpc: '2.0', id, method, params };
}

export function toolCall(
  name: string,
  args: object = {},
  id: number | string = 1,
  more: object = {},
): object {
  return rpc('tools/call', { name, arguments: args, ...more }, id);
}

/** The same with a progress token. */
export function callWithProgress(name: string, args: object, id: number | string = 1): object {
  return toolCall(name, args, id, { _meta: { progressToken: `progress of ${id}` } });
}

export function initialize(revision = '2025-11-25'): object {
  return rpc('initialize', {
    protocolVersion: revision,
    capabilities: {},
    clientInfo: { name: 'http-test', version: '1.0.0' },
  });
}

/** A session id of a new session. */
export async function openSession(base: string, asked: Asked = {}): Promise<string> {
  const { status, headers, body } = await ask(base, initialize(), asked);
  const session = headers['mcp-session-id'];
  if (status !== 200 || typeof session !== 'string') throw new Error(`no session: HTTP ${status} ${body}`);
  return session;
}

/** Sends a request whose answer is read event by event. */
export async function stream(
  scope: Scope,
  base: string,
  body: object | null,
  asked: Asked = {},
): Promise<Events> {
  const response = await send(base, body, {
    ...asked,
    headers: { 'mcp-protocol-version': '2025-11-25', ...asked.headers },
  });
  const seen: Message[] = [];
  const untaken: Message[] = [];
  const waiting = new Set<{ fits: (message: Message) => boolean; take: (message: Message) => void }>();
  let lastId: string | undefined;
  let rest = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    const events = (rest + text).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      lastId = /^id: (.*)$/m.exec(event)?.[1] ?? lastId;
      for (const data of dataOf(event)) {
        const message = JSON.parse(data) as Message;
        seen.push(message);
        const waiter = [...waiting].find(({ fits }) => fits(message));
        if (waiter) waiter.take(message);
        else untaken.push(message);
      }
    }
  });
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  response.on('error', () => {
    // A connection the test or the gateway broke.
  });
  scope.after(() => void response.destroy());
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    seen,
    lastId: () => lastId,
    next(what, fits, within = 20_000) {
      const index = untaken.findIndex(fits);
      if (index >= 0) return Promise.resolve(untaken.splice(index, 1)[0] as Message);
      const { promise, resolve } = Promise.withResolvers<Message>();
      const waiter = { fits, take: resolve };
      waiting.add(waiter);
      return withDeadline(what, promise, within).finally(() => waiting.delete(waiter));
    },
    ended: () => withDeadline('the end of the stream', closed),
    destroy: () => void response.destroy(),
  };
}

function dataOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6))
    .filter((data) => data !== '');
}

/** Writes bytes on a connection of its own and hands out everything that came until it was closed; `end` ends our side at once. */
export async function raw(
  base: string,
  bytes: string,
  options: { readonly host?: string; readonly end?: boolean; readonly within?: number } = {},
): Promise<string> {
  const { port, hostname } = new URL(base);
  const socket = connect(Number(port), options.host ?? hostname.replace(/[[\]]/g, ''));
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  socket.on('error', () => {
    // What came until then is the answer.
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(bytes, 'latin1');
  if (options.end) socket.end();
  try {
    await withDeadline(
      `the end of the connection after ${bytes.slice(0, 100)}`,
      closed,
      options.within ?? 20_000,
    );
  } finally {
    socket.destroy();
  }
  return text;
}

/** The HTTP status of what `raw` handed out; 0 where the connection was just closed. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

/** The address of a running gateway's HTTP front. */
export async function urlOf(gateway: Gateway): Promise<string> {
  const { http, httpProblem } = await gateway.status();
  if (http === null) throw new Error(`no HTTP: ${httpProblem}`);
  return http;
}

/** A token as `nucleus clients add` makes it. */
export async function addClient(
  gateway: Gateway,
  name: string,
  profiles: readonly string[] | null = null,
): Promise<string> {
  const { token } = await gateway.ask('clients.add', {
    name,
    profiles: profiles && profiles.map((id) => ({ id, alias: id.slice(id.indexOf(':') + 1) })),
    expiresIn: null,
  });
  return token;
}

export interface Serving {
  readonly child: ChildProcess;
  /** Where it listens. */
  readonly url: string;
  stderr(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** `nucleus serve --http …` in the foreground, once it listens. */
export async function serveHttp(
  scope: Scope,
  home: Home,
  listen: string,
  options: { readonly args?: readonly string[] } = {},
): Promise<Serving> {
  const command = [nucleusBin, 'serve', '--http', listen, ...(options.args ?? [])];
  const serving = await runInForeground(scope, home, command);
  // Once it answers it minds signals too, a moment after it said where it listens.
  await ask(serving.url, null, { path: '/healthz' });
  return serving;
}

/** A command that is the gateway, once it listens. */
export async function runInForeground(
  scope: Scope,
  home: Home,
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Serving> {
  const child = spawn(command, args, {
    cwd: home.user,
    env: definedOf({ ...home.env, ...env }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ready = Promise.withResolvers<string>();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const url = /gateway listening .*\bhttp=(\S+)/.exec(stderr)?.[1];
    if (url !== undefined) ready.resolve(url);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      ready.reject(new Error(`${args.join(' ')} ended with ${code}: ${stderr}`));
      resolve(code);
    });
  });
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const url = await withDeadline(`the address of ${args.join(' ')}`, ready.promise);
  return { child, url, stderr: () => stderr, ended };
}

/** A server on a port of its own that writes down what it is sent, and answers nothing. */
export async function startImpostor(scope: Scope): Promise<{ readonly port: number; heard(): number }> {
  let heard = 0;
  const server = createServer((socket) => {
    heard += 1;
    socket.on('error', () => {
      // Whoever came may go as it likes.
    });
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.after(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard: () => heard };
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
