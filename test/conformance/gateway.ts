import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withDeadline } from '../helpers/until.ts';

/** How an upstream is reached, as `mcpServers` files say it. */
export type Server =
  { readonly command: string; readonly args: readonly string[] } | { readonly url: string };

/** A process of a run. */
export interface Started {
  /** What it printed so far. */
  output(): string;
  /** The first group of `pattern` once stderr holds it. */
  said(pattern: RegExp): Promise<string>;
  end(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');
/** Many of them start at once in the client role, perhaps beside other work. */
const startLimit = 40_000;
const endLimit = 3_000;

/** Starts a gateway without a window before one server; its state is `folder`. */
export function startGateway(server: Server, folder: string): Started {
  mkdirSync(folder, { recursive: true });
  const servers = join(folder, 'servers.json');
  writeFileSync(servers, JSON.stringify({ mcpServers: { conformance: server } }));
  const args = ['serve', '--servers', servers, '--http', '127.0.0.1:0', '--token', 'none'];
  return start(join(root, 'resources/bin/nucleus'), args, folder);
}

/** Where a gateway shows its one server as if it were that server, once it listens. */
export async function addressOf(gateway: Started): Promise<string> {
  const base = await gateway.said(/gateway listening .*http=(\S+)/);
  return `${base}/p/conformance:default/mcp`;
}

/** Starts a command of which nothing is left when this process ends. */
export function start(
  command: string,
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Started {
  mkdirSync(folder, { recursive: true });
  const child = spawn(command, args, {
    cwd: root,
    env: {
      HOME: folder,
      NUCLEUS_HOME: join(folder, 'state'),
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let output = '';
  child.on('error', (error) => (output += error.message));
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return {
    output: () => output,
    said: (pattern) =>
      withDeadline(
        String(pattern),
        find(child, pattern, () => output),
        startLimit,
      ),
    end: async () => {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      child.kill('SIGTERM');
      const force = setTimeout(kill, endLimit);
      await ended;
      clearTimeout(force);
    },
  };
}

function find(child: ChildProcess, pattern: RegExp, output: () => string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const look = (): void => {
    const [, found] = pattern.exec(output()) ?? [];
    if (found !== undefined) resolve(found);
  };
  child.stderr?.on('data', look);
  child.once('exit', (code) => reject(new Error(`ended with ${code} before it said ${pattern}`)));
  child.once('error', reject);
  look();
  return promise;
}
