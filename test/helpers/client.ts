import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { AttachReply, AttachView } from '../../src-shared/attach.ts';
import type { AddProfile, AskName, Contract, GatewayStatus } from '../../src-shared/contract.ts';
import type * as z from 'zod';
import type { Fake } from './fake.ts';
import type { Home, Scope } from './home.ts';
import { createLines, type Lines } from './lines.ts';
import { definedOf, nucleusBin, nucleusOk } from './nucleus.ts';
import { withDeadline } from './until.ts';

export interface ShimOptions {
  /** Another program than the script of this checkout. */
  readonly command?: string;
  /** Flags after `serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A v1 SDK client, as most hosts embed it, over `nucleus serve` with the SDK's default environment. */
export async function connectClient(scope: Scope, home: Home, options: ShimOptions = {}): Promise<Client> {
  const client = new Client({ name: 'test-client', version: '1.0.0' });
  scope.after(() => client.close());
  await client.connect(new StdioClientTransport(shimCommand(home, options)));
  return client;
}

/** A v2 SDK client of revision 2026-07-28, in the same way. */
export async function connectModernClient(
  scope: Scope,
  home: Home,
  options: ShimOptions = {},
): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'modern-client', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  scope.after(() => client.close());
  await client.connect(new ModernTransport(shimCommand(home, options)));
  return client;
}

function shimCommand(home: Home, options: ShimOptions) {
  return {
    command: options.command ?? nucleusBin,
    args: ['serve', ...(options.args ?? [])],
    // The SDKs add their defaults (HOME LOGNAME PATH SHELL TERM USER) and nothing else of this process.
    env: { HOME: home.user, NUCLEUS_HOME: home.state, ...options.env },
    cwd: options.cwd ?? home.user,
    stderr: 'ignore' as const,
  };
}

/** The environment `connectClient` gives its shim, for shims that are started by hand. */
export function clientEnvironment(home: Home): Record<string, string> {
  return { ...getDefaultEnvironment(), HOME: home.user, NUCLEUS_HOME: home.state };
}

/** The tools of accounts among those a client is shown, without those of Nucleus itself. */
export function accountTools<T extends { readonly name: string }>(list: {
  readonly tools: readonly T[];
}): T[] {
  return list.tools.filter(({ name }) => !name.startsWith('nucleus_'));
}

/** First text of a result, the only thing most fakes answer. */
export function textOf(result: unknown): string {
  const [first] = (result as CallToolResult).content;
  if (first?.type !== 'text') throw new Error(`no text in ${JSON.stringify(result)}`);
  return first.text;
}

/** The JSON object a fake answered as text. */
export function jsonOf(result: unknown): Record<string, unknown> {
  return JSON.parse(textOf(result)) as Record<string, unknown>;
}

/** A result without the account it says it came from, which has to be this one. */
export function unlabelled<T extends object | undefined>(result: T, profile: string): T {
  const { _meta, ...rest } = (result ?? {}) as { _meta?: Record<string, { id: string }> };
  const { 'dev.nucleus/profile': account, ...meta } = _meta ?? {};
  assert.equal(account?.id, profile, JSON.stringify(result));
  return { ...rest, ...(Object.keys(meta).length > 0 && { _meta: meta }) } as T;
}

/** The code and profile with which Nucleus marks a failure of its own in a result; undefined when it is none. */
export function nucleusErrorOf(result: unknown): { code: string; profile: string } | undefined {
  const { _meta } = result as { _meta?: Record<string, { code: string; profile: string }> };
  const mark = _meta?.['dev.nucleus/error'];
  return mark && { code: mark.code, profile: mark.profile };
}

export interface Shim extends Lines {
  readonly child: ChildProcess;
  stderr(): string;
  /** The exit code, once its input is closed or it ended by itself. */
  readonly ended: Promise<number | null>;
  close(): Promise<number | null>;
}

/** `nucleus serve` as a child, spoken to line by line. */
export function startShim(scope: Scope, home: Home, options: ShimOptions = {}): Shim {
  const child = spawn(options.command ?? nucleusBin, ['serve', ...(options.args ?? [])], {
    cwd: options.cwd ?? home.user,
    env: definedOf({ ...clientEnvironment(home), ...options.env }),
    stdio: 'pipe',
  });
  const lines = createLines(child.stdout, child.stdin);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code, signal) => {
      lines.end(`the shim ended with ${code ?? signal}: ${stderr}`);
      resolve(code);
    });
  });
  const close = () => {
    child.stdin.end();
    return withDeadline('the end of the shim', ended);
  };
  scope.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { ...lines, child, stderr: () => stderr, ended, close };
}

export interface Attached extends Lines {
  readonly reply: AttachReply;
  close(): void;
}

/** A client on the gateway's socket itself: what a shim sees, without the start of a process. */
export function attach(scope: Scope, home: Home, view?: AttachView): Promise<Attached> {
  return openSocket(scope, home, 'client', view);
}

async function openSocket(
  scope: Scope,
  home: Home,
  role: 'client' | 'control',
  view?: AttachView,
): Promise<Attached> {
  const endpoint = home.endpoint();
  if (!endpoint) throw new Error('no gateway runs in this home');
  const socket = connect(endpoint.socket);
  const lines = createLines(socket, socket);
  socket.once('close', () => lines.end('the gateway closed the connection'));
  scope.after(() => {
    socket.destroy();
  });
  lines.send({ nucleus: 1, version: '0.1.0', role, cwd: home.user, ...(view && { view }) });
  const reply = (await lines.next('the answer to the attach line', () => true)) as unknown as AttachReply;
  if ('error' in reply) throw new Error(`attach refused: ${reply.error.message}`);
  return { ...lines, reply, close: () => socket.destroy() };
}

type Question<N extends AskName> = N extends `${infer G}.${infer K}`
  ? G extends keyof Contract
    ? K extends keyof Contract[G]
      ? Contract[G][K] extends { input: infer I extends z.ZodType; output: infer O extends z.ZodType }
        ? { input: z.input<I>; output: z.output<O> }
        : never
      : never
    : never
  : never;

export interface Gateway {
  readonly home: Home;
  readonly pid: number;
  /** Puts a question of src-shared/contract.ts over the private socket, as the command line does. */
  ask<N extends AskName>(
    name: N,
    input: Question<N>['input'],
    within?: number,
  ): Promise<Question<N>['output']>;
  /** Adds a fake as a profile of connector `fake`, or of the one named in `id`, and starts it once. */
  add(fake: Fake, id?: string, more?: Partial<AddProfile>): Promise<void>;
  status(): Promise<GatewayStatus>;
}

/** The gateway of this home, started by `nucleus start`, with a control connection. */
export async function startGateway(
  scope: Scope,
  home: Home,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Gateway> {
  await nucleusOk(home, ['start'], { env });
  return controlGateway(scope, home);
}

/** A control connection to the gateway that already runs in this home. */
export async function controlGateway(scope: Scope, home: Home): Promise<Gateway> {
  const control = await openSocket(scope, home, 'control');
  if ('error' in control.reply) throw new Error(control.reply.error.message);
  const gateway: Gateway = {
    home,
    pid: control.reply.pid,
    ask: async (name, input, within) => {
      const answer: unknown = await control.ask(name, input, within);
      return answer as Question<typeof name>['output'];
    },
    add: async (fake, id = `fake:${fake.name}`, more = {}) => {
      const [connector = '', name = ''] = id.split(':');
      const input = { connector, name, launch: fake.launch, ...more };
      const { probe } = await gateway.ask('profiles.add', input);
      if (probe && !probe.ok) throw new Error(`${id} did not start: ${probe.message}`);
    },
    status: () => gateway.ask('gateway.status', {}),
  };
  return gateway;
}
