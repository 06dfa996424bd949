import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { nucleusErrorOf } from './client.ts';
import { openGuarded, type Guarded } from './guarded.ts';
import type { Home, Scope } from './home.ts';
import { addClient, ask as post, openSession, urlOf } from './http.ts';
import { createLines, type Lines, type Message } from './lines.ts';

/** What a call must come to that nobody allowed. */
export const refusals: ReadonlySet<string> = new Set([
  'APPROVAL_PENDING',
  'APPROVAL_REFUSED',
  'POLICY_DENIED',
  'CONFIRM_REQUIRED',
  'CONFIRM_MISMATCH',
  'LOCKED',
  'ARGUMENTS_INVALID',
  'METHOD_UNKNOWN',
  'REQUEST_INVALID',
  'TICKET_UNKNOWN',
  'TOOL_UNKNOWN',
]);

/** A program with a shell of the same user: it has the socket, and every token, and no person. */
export interface Attacker {
  readonly guarded: Guarded;
  /** On the socket, under a name and a key of its choice. */
  onSocket(options?: SocketOptions): Promise<Lines>;
  /** The control side of the socket, with any words. */
  onControl(): Promise<Lines>;
  /** A session over HTTP at a path, with the token of a client that is made where it is not there. */
  overHttp(client: string, path?: string): Promise<Over>;
  /** Asserts that all calls so far that reached the account are these. */
  sawOnly(account: string, ...tools: readonly string[]): void;
}

export interface SocketOptions {
  readonly key?: string;
  readonly name?: string;
  readonly view?: object;
}

/** One session over HTTP. */
export interface Over {
  request(method: string, params?: object): Promise<Message>;
  /** Any message at all; the status it is answered with. */
  send(message: object): Promise<number>;
}

/** A guarded home with HTTP, whose calls are soon told to come back. */
export async function openAttacked(
  scope: Scope,
  accounts: Parameters<typeof openGuarded>[1],
  options: Parameters<typeof openGuarded>[2] = {},
): Promise<Attacker> {
  const config = '[approval]\npark_after = "100ms"\n';
  const guarded = await openGuarded(scope, accounts, { config, ...options });
  const { home, gateway } = guarded;
  const tokens = new Map<string, string>();
  return {
    guarded,
    async onSocket({ key, name = 'attacker', view } = {}) {
      const lines = openLines(scope, home);
      const attach = { role: 'client', ...(key !== undefined && { client: key }), ...(view && { view }) };
      await greet(lines, attach);
      await lines.ask('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: {} },
        clientInfo: { name, version: '1' },
      });
      return lines;
    },
    async onControl() {
      const lines = openLines(scope, home);
      await greet(lines, { role: 'control' });
      return lines;
    },
    async overHttp(client, path = '/mcp') {
      const base = await urlOf(gateway);
      const token = tokens.get(client) ?? (await addClient(gateway, client));
      tokens.set(client, token);
      const session = await openSession(base, { token, path });
      const headers = { 'mcp-protocol-version': '2025-11-25' };
      const asked = { token, path, session, headers };
      let id = 0;
      return {
        request: async (method, params = {}) =>
          (await post(base, { jsonrpc: '2.0', id: (id += 1), method, params }, asked)).message,
        send: async (message) => (await post(base, message, asked)).status,
      };
    },
    sawOnly: (account, ...tools) => assert.deepEqual(guarded.reached(account), tools, `on ${account}`),
  };
}

function openLines(scope: Scope, home: Home): Lines {
  const socket = connect(home.endpoint()?.socket ?? assert.fail('no gateway runs'));
  scope.after(() => void socket.destroy());
  const lines = createLines(socket, socket);
  socket.once('close', () => lines.end('the gateway closed the connection'));
  return lines;
}

async function greet(lines: Lines, attach: object): Promise<void> {
  lines.send({ nucleus: 1, version: '0.1.0', ...attach });
  await lines.next('the answer to the attach line', () => true);
}

/** The code of whatever a call came to; `ran` where nothing stood in its way. */
export function codeOf({ result, error }: Message): string {
  const data = error?.data as { code?: string } | undefined;
  return nucleusErrorOf(result ?? {})?.code ?? data?.code ?? (error ? String(error.code) : 'ran');
}

/** The ticket a call was answered with. */
export function ticketOf({ result }: Message): string {
  const meta = result?.['_meta'] as Record<string, Record<string, string>> | undefined;
  return meta?.['dev.nucleus/error']?.['ticket'] ?? assert.fail(`no ticket in ${JSON.stringify(result)}`);
}
