import { spawn, type ChildProcess } from 'node:child_process';
import http from 'node:http';

export type Params = Record<string, unknown>;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** An MCP client as bare as it can be, so that what is measured is the gateway. */
export interface Client {
  /** The result; rejects on an error answer, on silence, and when the other side ends. */
  request(method: string, params: Params): Promise<Params>;
  close(): void;
}

/** A client whose server is a process of its own. */
export interface StdioClient extends Client {
  readonly process: ChildProcess;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: Params;
  readonly error?: Params;
}

interface Waiting {
  readonly method: string;
  readonly since: number;
  resolve(result: Params): void;
  reject(error: Error): void;
}

const answerMs = 20_000;
/** What every client of the bench says first. */
export const initialize = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'nucleus-bench', version: '1.0.0' },
};
export const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };

/** Starts the command and opens a session with it. */
export async function openStdioClient({ command, args, env }: Command): Promise<StdioClient> {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const answers = createAnswers();
  let lastWords = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-500)));
  child.stdin.on('error', () => {}); // The exit says it.
  child.once('error', (error) => answers.end(error));
  child.once('exit', (code) => answers.end(new Error(`it ended with code ${code}: ${lastWords.trim()}`)));
  onLines(child, (line) => answers.take(line));
  const client: StdioClient = {
    process: child,
    request: (method, params) =>
      answers.wait(method, (id) =>
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`),
      ),
    close() {
      answers.end(new Error('closed'));
      child.stdin.end();
    },
  };
  try {
    await client.request('initialize', initialize);
  } catch (error) {
    child.kill();
    throw error;
  }
  child.stdin.write(`${JSON.stringify(initialized)}\n`);
  return client;
}

/** Opens a session over Streamable HTTP; answers may come as JSON or as an event stream. */
export async function openHttpClient(url: string): Promise<Client> {
  const agent = new http.Agent({ keepAlive: true });
  const answers = createAnswers();
  let session: Readonly<Record<string, string>> = {};

  const post = (message: object): Promise<string> => {
    const body = JSON.stringify(message);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': Buffer.byteLength(body),
      ...session,
    };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) >= 300)
          return reject(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200)}`));
        const id = response.headers['mcp-session-id'];
        if (typeof id === 'string') session = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' };
        resolve(text);
      });
    });
    request.once('error', reject);
    request.end(body);
    return promise;
  };
  const client: Client = {
    request: (method, params) =>
      answers.wait(method, (id) => {
        post({ jsonrpc: '2.0', id, method, params }).then(
          (text) => messagesOf(text).forEach((message) => answers.take(message)),
          (error: Error) => answers.fail(id, error),
        );
      }),
    close() {
      answers.end(new Error('closed'));
      agent.destroy();
    },
  };
  try {
    await client.request('initialize', initialize);
    await post(initialized);
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/** The messages of a body that is either one message or an event stream of them. */
function messagesOf(text: string): string[] {
  if (text.startsWith('{')) return [text];
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim());
}

/** Requests that wait for their answers. One timer watches all: one for each would be part of what is measured. */
export function createAnswers(): {
  wait(method: string, send: (id: number) => void): Promise<Params>;
  take(line: string): void;
  fail(id: number, error: Error): void;
  end(error: Error): void;
} {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let ended: Error | null = null;
  const watch = setInterval(() => {
    for (const [id, { method, since }] of waiting)
      if (performance.now() - since > answerMs)
        fail(id, new Error(`no answer to ${method} in ${answerMs / 1_000} s`));
  }, 1_000);

  function fail(id: number, error: Error): void {
    waiting.get(id)?.reject(error);
    waiting.delete(id);
  }

  return {
    fail,
    wait(method, send) {
      if (ended) return Promise.reject(ended);
      const id = nextId++;
      const { promise, resolve, reject } = Promise.withResolvers<Params>();
      waiting.set(id, { method, since: performance.now(), resolve, reject });
      send(id);
      return promise;
    },
    take(line) {
      if (!line.startsWith('{')) return; // Some gateways log to stdout.
      const { id, method, result, error } = JSON.parse(line) as Message;
      const asked = id === undefined || method !== undefined ? undefined : waiting.get(id);
      if (id === undefined || !asked) return;
      waiting.delete(id);
      if (result) asked.resolve(result);
      else asked.reject(new Error(`${asked.method}: ${JSON.stringify(error).slice(0, 300)}`));
    },
    end(error) {
      clearInterval(watch);
      ended ??= error;
      for (const id of waiting.keys()) fail(id, ended);
    },
  };
}

function onLines({ stdout }: ChildProcess, onLine: (line: string) => void): void {
  let rest: Buffer[] = [];
  stdout?.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]);
      rest = [];
      from = end + 1;
      onLine(line.toString());
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  });
}
