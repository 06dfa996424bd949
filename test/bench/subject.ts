import { spawn, type ChildProcess } from 'node:child_process';
import { openHttpClient, openStdioClient, type Client, type Command, type Params } from './client.ts';

/** How a client reaches a gateway, and how the gateway reaches its upstreams. */
export const pairs = ['stdio<stdio', 'http<stdio', 'stdio<http'] as const;
export type Pair = (typeof pairs)[number];

/** An upstream the gateway has to offer: a command to start, or an address. */
export interface Upstream {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly url: string | null;
}

/** What a subject gets to start from. */
export interface Setting {
  readonly pair: Pair;
  readonly upstreams: readonly Upstream[];
  /** A folder of its own. */
  readonly folder: string;
}

/** A gateway that is compared. */
export interface Subject {
  readonly name: string;
  /** A few words for the table. */
  readonly about: string;
  readonly pairs: readonly Pair[];
  /** Shows every upstream tool in its list, or only tools that reach them. */
  readonly lists: boolean;
  /** What a client has to send to call a tool of an upstream. */
  call(upstream: string, tool: string, args: Params): Params;
  /** Writes what it starts from; the start itself is timed. */
  prepare(setting: Setting): Promise<() => Promise<Started>>;
}

export interface Started {
  /** One, or one per upstream where nothing is in between. */
  readonly clients: readonly Client[];
  /** Processes whose trees are the gateway; none where nothing is in between. */
  readonly roots: readonly number[];
  close(): Promise<void>;
}

const startMs = 30_000;
const endMs = 3_000;

/** A gateway that speaks on its stdin and stdout. */
export async function startOnStdio(command: Command): Promise<Started> {
  const client = await openStdioClient(command);
  return {
    clients: [client],
    roots: pidsOf(client.process),
    async close() {
      client.close();
      await ended(client.process);
    },
  };
}

/** A gateway that listens; it is asked until it answers. */
export async function startOnHttp(
  command: Command,
  url: string,
  open: (url: string) => Promise<Client> = openHttpClient,
): Promise<Started> {
  const child = startQuietly(command);
  const client = await untilOpen(child, () => open(url));
  return {
    clients: [client],
    roots: pidsOf(child),
    async close() {
      client.close();
      child.kill('SIGTERM');
      await ended(child);
    },
  };
}

/** A process whose words matter only if it fails. */
export function startQuietly({ command, args, env }: Command): ChildProcess {
  return spawn(command, args, { env, stdio: 'ignore' });
}

/** The outcome of `open`, tried again while the process starts. */
export async function untilOpen<T>(child: ChildProcess, open: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + startMs;
  const failures: Error[] = [];
  child.once('error', (error) => failures.push(error));
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const [failure] = failures;
      if (failure) throw failure;
      if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`, { cause: error });
      if (performance.now() > deadline) {
        child.kill('SIGKILL');
        throw error;
      }
      await pause(5);
    }
  }
}

/** Waits for the end of a process that was told to end, and ends it when it does not. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const forget = setTimeout(() => child.kill('SIGKILL'), endMs);
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(forget);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function pidsOf(...children: readonly ChildProcess[]): number[] {
  return children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
}
