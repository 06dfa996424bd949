import { spawn } from 'node:child_process';
import { createWriteStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Stderr } from '../../../src-shared/model.ts';
import type { Child, Clock } from '../platform.ts';
import { readLines } from '../wire/lines.ts';
import { unheard, type Transport } from './transport.ts';

/** An upstream that has been told to end gets this long before SIGTERM, and again before SIGKILL. */
const closeGraceMs = 500;
const killGraceMs = 1_000;
/** After the process is gone its last lines may still be in the pipe. */
const drainMs = 150;
/** Bytes queued to an upstream that does not read its stdin. */
const maxQueuedBytes = 64 * 1024 * 1024;
const stderrTailBytes = 4_096;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Starts a command as the leader of its own process group, so that it ends with everything it started. */
export function spawnCommand(command: Command): Child {
  // A missing folder would be reported as a missing command.
  if (!statSync(command.cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`its folder ${command.cwd} does not exist`);
  return spawn(command.command, [...command.args], {
    cwd: command.cwd,
    env: { ...command.env },
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/**
 * The MCP stdio transport over a child: newline-delimited JSON on stdin and stdout, stderr always drained. Resolves
 * when the child runs, rejects with the reason when it cannot be started.
 */
export async function openStdio(
  child: Child,
  options: {
    readonly clock: Clock;
    readonly lineLimit: number;
    readonly stderr: Stderr;
    /** What its last words must not repeat in a sentence or a log: the secrets it was given. */
    readonly secrets?: readonly string[];
  },
): Promise<Transport> {
  let ended = false;
  let asked = false;
  const started = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const tail = drainStderr(child.stderr, options.stderr);

  const transport: Transport = {
    // A utility process has its id only once it runs.
    get pid() {
      return child.pid ?? null;
    },
    ...unheard,
    // One stream for all: an answer nobody waits for is dropped when it comes.
    abandon: () => {},
    stderrTail: () => (options.secrets ?? []).reduce(masked, tail()),
    send(message) {
      const { stdin } = child;
      if (!stdin || stdin.destroyed || stdin.writableLength + message.length > maxQueuedBytes) return false;
      stdin.write(`${message}\n`);
      return true;
    },
    async close() {
      asked = true;
      if (ended) return;
      child.stdin?.end();
      const forgetTerm = options.clock.after(closeGraceMs, () => signalGroup(child, 'SIGTERM'));
      const forgetKill = options.clock.after(closeGraceMs + killGraceMs, () => signalGroup(child, 'SIGKILL'));
      await gone.promise;
      forgetTerm();
      forgetKill();
    },
  };

  child.on('spawn', started.resolve);
  // After the start only a failed kill comes this way, and the exit says what became of the child.
  child.on('error', (error) => started.reject(new Error(spawnReason(error), { cause: error })));
  child.on('exit', (code, signal) => {
    // What the leader started must not outlive it, and a pipe held open by it must not hold us.
    signalGroup(child, 'SIGKILL');
    const what = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    const finish = (): void => {
      if (ended) return;
      ended = true;
      // What left the group may hold the other ends for good.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
      transport.onEnd({ kind: asked ? 'asked' : 'exited', what });
      gone.resolve();
    };
    if (!child.stdout || child.stdout.closed) return finish();
    const forget = options.clock.after(drainMs, finish);
    child.stdout.once('close', () => {
      forget();
      finish();
    });
  });
  // The exit of the child is what ends the transport; a broken pipe only says it earlier.
  child.stdin?.on('error', () => {});
  child.stdout?.on('error', () => {});
  if (child.stdout)
    readLines(child.stdout, {
      limit: options.lineLimit,
      onLine: (line) => void transport.onLine(line),
      onOverflow: (head, end, length) => transport.onOverflow(head, end, length),
    });
  await started.promise;
  return transport;
}

function masked(text: string, secret: string): string {
  return secret === '' ? text : text.replaceAll(secret, '…');
}

function spawnReason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `the command ${error.path ?? ''} was not found`;
  if (error.code === 'EACCES') return `the command ${error.path ?? ''} may not be run (permission denied)`;
  return error.message;
}

function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.signalAll) return child.signalAll(signal);
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32')
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    else process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the group is already gone, which is what was wanted. EPERM: what is left of it runs as another user.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Reads stderr to the end, whatever becomes of it, so that a noisy upstream never blocks; keeps the last bytes. */
function drainStderr(stream: Readable | null, target: Stderr): () => string {
  let tail = Buffer.alloc(0);
  if (!stream) return () => '';
  const copy =
    target === 'inherit'
      ? process.stderr
      : typeof target === 'object'
        ? createWriteStream(target.file, { flags: 'a', mode: 0o600 })
        : null;
  // A copy that cannot be written must not end the upstream; our own stderr has its listener.
  if (copy !== process.stderr) copy?.on('error', () => {});
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk.subarray(-stderrTailBytes)]).subarray(-stderrTailBytes);
    copy?.write(chunk);
  });
  if (copy && copy !== process.stderr) stream.once('close', () => copy.end());
  return () => tail.toString('utf8');
}
