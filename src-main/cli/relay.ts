import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { finishMethod } from '../../src-shared/attach.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import { encode, errorObject, parseFrame } from '../gateway/wire/frame.ts';
import { readLines } from '../gateway/wire/lines.ts';
import { findRequestId } from '../gateway/wire/reply.ts';
import type { Context } from './context.ts';
import { pause } from './find-gateway.ts';
import { createOpenRequests } from './open-requests.ts';

/** Longest line either way; the gateway has a limit of its own and answers what passes it. */
const lineLimit = 128 * 1024 * 1024;
/** How long a client is kept waiting for another gateway, and how often one is looked for. */
const patienceMs = 60_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** While a person keeps Nucleus stopped, an app they open is noticed this soon. */
const stoppedPauseMs = 1_000;
/** What a client says meanwhile is kept, within reason. */
const maxKept = 1_000;

const newline = Buffer.from('\n');
const listChanged = Buffer.from(encode({ method: 'notifications/tools/list_changed' }));
const finish = Buffer.from(encode({ method: finishMethod }));

/**
 * Carries lines between a client and its gateway, and outlives the gateway: when that goes away, what was asked and
 * may have run is failed as such, another gateway is attached to, the session is opened there again, and the client
 * notices nothing but the lists it is told to read anew. Answers the exit code.
 */
export async function relay(context: Context, first: Socket, attach: () => Promise<Socket>): Promise<number> {
  const { stdin, stdout, stderr } = context;
  const requests = createOpenRequests();
  const ended = Promise.withResolvers<number>();
  let socket: Socket | null = null;
  let isStopped = false;
  let isDone = false;
  let kept: Buffer[] = [];

  const toClient = (line: Uint8Array | string): void => write(stdout, line, socket);
  const refuse = (line: Buffer, error: NucleusError): void => {
    const frame = parseFrame(line);
    if (frame.kind === 'request') toClient(encode({ id: frame.id, error: errorObject(error) }));
  };

  function use(next: Socket): void {
    socket = next;
    readLines(next, {
      limit: lineLimit,
      onLine: (line) => {
        if (requests.received(line)) toClient(line);
      },
      // The gateway bounds what it sends below this, so what comes here is not from it.
      onOverflow: () => next.destroy(),
    });
    next.once('close', () => {
      if (socket !== next) return;
      socket = null;
      if (isDone) ended.resolve(0);
      else void recover();
    });
  }

  /** Says what was said before to the next gateway, then what came meanwhile. */
  function reopen(next: Socket): void {
    for (const line of requests.opening()) write(next, line, stdin);
    toClient(listChanged);
    const waiting = kept;
    kept = [];
    for (const line of waiting) forward(line);
  }

  function forward(line: Buffer): void {
    if (isStopped) return refuse(line, stoppedError);
    if (socket && writeAlive(socket, line, stdin)) return requests.sent(line);
    if (kept.length < maxKept) kept.push(line);
    else refuse(line, busyError);
  }

  async function recover(): Promise<void> {
    note('the gateway went away; looking for another one');
    const again: Buffer[] = [];
    for (const { id, method, line } of requests.take()) {
      if (line) again.push(line);
      // May have run: its caller should not wait for a gateway that knows nothing of it.
      else toClient(encode({ id, error: errorObject(restarted(method)) }));
    }
    kept = [...again, ...kept];
    const deadline = Date.now() + patienceMs;
    for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
      if (isDone) return ended.resolve(0);
      try {
        const next = await attach();
        isStopped = false;
        use(next);
        reopen(next);
        return;
      } catch (thrown) {
        const error = toNucleusError(thrown);
        if (error.code === 'GATEWAY_STOPPED') {
          if (!isStopped) stop();
          await pause(stoppedPauseMs);
        } else if (isStopped || Date.now() < deadline) {
          await pause(wait);
        } else {
          note(error.message);
          return ended.resolve(3);
        }
      }
    }
  }

  /** A person stopped Nucleus: nothing is started behind their back, and every request hears so. */
  function stop(): void {
    isStopped = true;
    const waiting = kept;
    kept = [];
    for (const line of waiting) refuse(line, stoppedError);
  }

  function note(sentence: string): void {
    stderr.write(`${sentence}\n`);
  }

  stdin.once('end', () => {
    isDone = true;
    if (socket) write(socket, finish, stdin);
    else ended.resolve(0);
  });
  // The client closed its end: nothing is left to be told.
  stdout.once('close', () => ended.resolve(0));
  readLines(stdin, {
    limit: lineLimit,
    onLine: forward,
    onOverflow: (head, tail) => {
      const id = findRequestId(head, tail);
      if (id !== null) toClient(encode({ id, error: errorObject(tooLongError) }));
    },
  });
  use(first);
  return ended.promise;
}

const stoppedError = new NucleusError(
  'GATEWAY_STOPPED',
  'Nucleus was stopped by you; open Nucleus or run nucleus start',
);
const busyError = new NucleusError('GATEWAY_BUSY', 'too much is waiting for the gateway; ask again later');

const tooLongError = new NucleusError(
  'ARGUMENTS_INVALID',
  `the message is longer than ${lineLimit / 1024 / 1024} MiB; send less`,
);

function restarted(method: string | null): NucleusError {
  return new NucleusError(
    'GATEWAY_RESTARTED',
    `the gateway restarted while ${method ?? 'the call'} ran; whether it took effect is unknown, so look before you call it again`,
    { outcome: 'unknown' },
  );
}

/**
 * Writes a line unless the gateway is gone already, which its socket knows before it says so. False only when nothing
 * of the line went out: a write that fails at once took none of it, one that is held up may have taken some.
 */
function writeAlive(socket: Socket, line: Buffer, from: Readable): boolean {
  if (!socket.writable) return false;
  write(socket, line, from);
  return socket.errored === null;
}

/** Writes a line; a reader that is slow makes the other side wait. */
function write(to: Writable, line: Uint8Array | string, from: Readable | null): void {
  to.cork();
  to.write(line);
  const isFine = to.write(newline);
  to.uncork();
  if (isFine || !from || from.isPaused() || to.destroyed) return;
  from.pause();
  const resume = (): void => {
    to.off('drain', resume).off('close', resume);
    from.resume();
  };
  // A gateway that dies with a full pipe never drains it.
  to.once('drain', resume).once('close', resume);
}
