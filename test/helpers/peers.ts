// MCP software that others wrote, in front of the gateway and behind it, as people install it from npm.
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
  type VersionNegotiationOptions,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  type JSONRPCMessage,
} from '@modelcontextprotocol/sdk/types.js';
import type { Scope } from './home.ts';

const require = createRequire(import.meta.url);

/** A file of a package from npm, by its path in there. */
export function fileOf(name: string, ...path: string[]): string {
  return join(dirname(require.resolve(`${name}/package.json`)), ...path);
}

/** The command that starts one of the official servers on stdio. */
export function serverCommand(name: string, ...args: string[]): { command: string; args: string[] } {
  const file = fileOf(`@modelcontextprotocol/server-${name}`, 'dist', 'index.js');
  return { command: process.execPath, args: [file, ...args] };
}

/** Where a client connects to: a command it starts, or an address. */
export type Door =
  | { readonly command: string; readonly args: string[]; readonly env?: Record<string, string> }
  | { readonly url: URL; readonly token?: string };

export type ClientKind = 'v1' | 'v2' | 'v2-auto';

interface Call {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}
interface Completed {
  readonly ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string };
  readonly argument: { name: string; value: string };
  readonly context?: { arguments: Record<string, string> };
}

/** A row of a list, of whatever kind. */
export interface Row {
  readonly name: string;
  readonly uri?: string;
  readonly uriTemplate?: string;
}

/** What the clients of both generations have in common. */
export interface Peer {
  readonly kind: ClientKind;
  /** What it was asked, without what belongs to one request only. */
  readonly asked: readonly { readonly method: string; readonly params: unknown }[];
  /** Log messages and changed resources it was told of. */
  readonly heard: readonly { readonly method: string; readonly params: Record<string, unknown> }[];
  /**
   * Progress as it came in, without its token. Looked at on the wire: a client of the SDK loses what is read together
   * with the result, also where no gateway is between.
   */
  readonly reports: readonly object[];
  greeting(): { readonly server: unknown; readonly capabilities: unknown; readonly instructions: unknown };
  listTools(): Promise<{ tools: Row[] }>;
  listPrompts(): Promise<{ prompts: Row[] }>;
  listResources(): Promise<{ resources: Row[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: Row[] }>;
  call(call: Call): Promise<object>;
  getPrompt(asked: { name: string; arguments?: Record<string, string> }): Promise<object>;
  readResource(asked: { uri: string }): Promise<object>;
  complete(asked: Completed): Promise<object>;
  setLevel(level: 'debug' | 'error'): Promise<unknown>;
  /** Wants to hear of a resource, until what comes back is called. */
  watch(uri: string): Promise<() => Promise<unknown>>;
  /** Has a tool run as a task of 2025-11-25: what it went through, and its result. Only v1 can. */
  runTask(call: Call): Promise<unknown>;
  close(): Promise<void>;
}

const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const sampled = { role: 'assistant', model: 'none', content: { type: 'text', text: 'Paris' } } as const;
const filled = { action: 'accept', content: { name: 'Ada', check: true, email: 'ada@example.org' } } as const;

/** A client of either generation of the SDK, connected, that answers whatever it is asked. `folder` is its only root. */
export function connectPeer(scope: Scope, kind: ClientKind, door: Door, folder: string): Promise<Peer> {
  const roots = [{ uri: pathToFileURL(folder).href, name: basename(folder) }];
  return kind === 'v1' ? connectV1(scope, door, roots) : connectV2(scope, kind, door, roots);
}

interface Root {
  readonly uri: string;
  readonly name: string;
}

async function connectV1(scope: Scope, door: Door, roots: Root[]): Promise<Peer> {
  const client = new ClientV1({ name: 'peer-v1', version: '1.0.0' }, { capabilities });
  const { asked, heard, note } = createNotes();
  client.setRequestHandler(CreateMessageRequestSchema, (request) => note(request, sampled));
  client.setRequestHandler(ElicitRequestSchema, (request) => note(request, answerTo(request.params.mode)));
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));
  client.setNotificationHandler(LoggingMessageNotificationSchema, (said) => void heard.push(said));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, (said) => void heard.push(said));
  scope.after(() => client.close());
  const transport =
    'url' in door ? new HttpV1(door.url, headersOf(door.token)) : new StdioV1({ ...door, stderr: 'ignore' });
  await client.connect(transport);
  return {
    ...commonOf(client, 'v1'),
    asked,
    heard,
    reports: reportsOf(transport),
    call: (call) => client.callTool(call, undefined, { onprogress: () => {} }),
    setLevel: (level) => client.setLoggingLevel(level),
    async watch(uri) {
      await client.subscribeResource({ uri });
      return () => client.unsubscribeResource({ uri });
    },
    async runTask(call) {
      const seen: unknown[] = [];
      // From its list the client knows which tools want to be one.
      await client.listTools();
      for await (const step of client.experimental.tasks.callToolStream(call))
        seen.push(step.type === 'result' ? step.result : step.type);
      // How often it asks in between is a matter of time.
      return [seen[0], seen.at(-1)];
    },
  };
}

async function connectV2(scope: Scope, kind: 'v2' | 'v2-auto', door: Door, roots: Root[]): Promise<Peer> {
  const mode: VersionNegotiationOptions['mode'] = kind === 'v2' ? 'legacy' : 'auto';
  const client = new ClientV2(
    { name: `peer-${kind}`, version: '1.0.0' },
    { capabilities, versionNegotiation: { mode } },
  );
  const { asked, heard, note } = createNotes();
  client.setRequestHandler('sampling/createMessage', (request) => note(request, sampled));
  client.setRequestHandler('elicitation/create', (request) => note(request, answerTo(request.params.mode)));
  client.setRequestHandler('roots/list', () => ({ roots }));
  client.setNotificationHandler('notifications/message', (said) => void heard.push(said));
  client.setNotificationHandler('notifications/resources/updated', (said) => void heard.push(said));
  scope.after(() => client.close());
  const transport =
    'url' in door ? new HttpV2(door.url, headersOf(door.token)) : new StdioV2({ ...door, stderr: 'ignore' });
  await client.connect(transport);
  const isModern = (client.getNegotiatedProtocolVersion() ?? '') >= '2026-07-28';
  return {
    ...commonOf(client, kind),
    asked,
    heard,
    reports: reportsOf(transport),
    call: (call) => client.callTool(call, { onprogress: () => {} }),
    setLevel: (level) => client.setLoggingLevel(level),
    async watch(uri) {
      if (isModern) {
        const watching = await client.listen({ resourceSubscriptions: [uri] });
        if (!watching.honoredFilter.resourceSubscriptions) throw new Error(`no news of ${uri} is to be had`);
        return () => watching.close();
      }
      await client.subscribeResource({ uri });
      return () => client.unsubscribeResource({ uri });
    },
    runTask: () => Promise.reject(new Error('this generation has no tasks')),
  };
}

function commonOf(client: ClientV1 | ClientV2, kind: ClientKind) {
  return {
    kind,
    greeting: () => ({
      server: client.getServerVersion(),
      capabilities: client.getServerCapabilities(),
      instructions: client.getInstructions(),
    }),
    listTools: () => client.listTools(),
    listPrompts: () => client.listPrompts(),
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    getPrompt: (asked: Parameters<Peer['getPrompt']>[0]) => client.getPrompt(asked),
    readResource: (asked: { uri: string }) => client.readResource(asked),
    complete: (asked: Completed) => client.complete(asked),
    close: () => client.close(),
  };
}

function reportsOf(transport: HttpV1 | HttpV2 | StdioV1 | StdioV2): readonly object[] {
  const reports: object[] = [];
  const take = transport.onmessage;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK knows one listener only
  transport.onmessage = (message: JSONRPCMessage) => {
    if ('method' in message && message.method === 'notifications/progress') {
      const { progressToken: _, ...report } = message.params as Record<string, unknown>;
      reports.push(report);
    }
    take?.(message);
  };
  return reports;
}

function createNotes() {
  const asked: { method: string; params: unknown }[] = [];
  const heard: { method: string; params: Record<string, unknown> }[] = [];
  function note<T>({ method, params }: { method: string; params: object }, answer: T): T {
    const { _meta: _, ...lasting } = params as Record<string, unknown>;
    asked.push({ method, params: lasting });
    return answer;
  }
  return { asked, heard, note };
}

function answerTo(mode: string | undefined) {
  return mode === 'url' ? ({ action: 'accept' } as const) : filled;
}

function headersOf(token: string | undefined): { requestInit?: { headers: Record<string, string> } } {
  return token === undefined ? {} : { requestInit: { headers: { Authorization: `Bearer ${token}` } } };
}
