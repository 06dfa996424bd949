import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withDeadline } from '../helpers/until.ts';
import type { Pairing, Upstream } from './pairing.ts';

export interface ServerUnderTest {
  readonly url: string;
  /** What the processes printed so far. */
  output(): string;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');
const fixture = join(root, 'test/fixtures/conformance-server/main.ts');
const startLimit = 15_000;
const endLimit = 3_000;

/** Starts the fixture and, unless the pairing is direct, a gateway before it; its state is `folder`. */
export async function startServerUnderTest(pairing: Pairing, folder: string): Promise<ServerUnderTest> {
  const { upstream, isDirect } = pairing;
  const started: Started[] = [];
  const close = async (): Promise<void> => {
    for (const process of started.toReversed()) await process.end();
  };
  const output = (): string => started.map((process) => process.output()).join('\n');
  const add = (process: Started): Started => {
    started.push(process);
    return process;
  };
  try {
    const behind =
      upstream.transport === 'http'
        ? await add(start(process.execPath, fixtureArgs(upstream), folder)).said(/^(http:\S+)$/m)
        : null;
    if (isDirect && behind !== null) return { url: behind, output, close };
    const server =
      behind === null ? { command: process.execPath, args: fixtureArgs(upstream) } : { url: behind };
    mkdirSync(folder, { recursive: true });
    const servers = join(folder, 'servers.json');
    writeFileSync(servers, JSON.stringify({ mcpServers: { conformance: server } }));
    const args = ['serve', '--servers', servers, '--http', '127.0.0.1:0', '--token', 'none'];
    const gateway = add(start(join(root, 'resources/bin/nucleus'), args, folder));
    const address = await gateway.said(/gateway listening .*http=(\S+)/);
    return { url: `${address}/p/conformance:default/mcp`, output, close };
  } catch (error) {
    await close();
    throw new Error(`${(error as Error).message}\n${output()}`, { cause: error });
  }
}

function fixtureArgs({ transport, era }: Upstream): string[] {
  return [fixture, '--transport', transport, '--era', era];
}

interface Started {
  output(): string;
  /** The first group of `pattern` once stderr holds it. */
  said(pattern: RegExp): Promise<string>;
  end(): Promise<void>;
}

function start(command: string, args: readonly string[], folder: string): Started {
  mkdirSync(folder, { recursive: true });
  const child = spawn(command, args, {
    cwd: root,
    env: {
      HOME: folder,
      NUCLEUS_HOME: join(folder, 'state'),
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
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
  child.stderr?.on('data', () => {
    const [, found] = pattern.exec(output()) ?? [];
    if (found !== undefined) resolve(found);
  });
  child.once('exit', (code) => reject(new Error(`ended with ${code} before it said ${pattern}`)));
  child.once('error', reject);
  return promise;
}
