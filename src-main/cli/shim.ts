import type { Socket } from 'node:net';
import type { AttachLine, AttachReply, Endpoint } from '../../src-shared/attach.ts';
import { maxAttachBytes } from '../../src-shared/attach.ts';
import { isErrorCode, NucleusError } from '../../src-shared/errors.ts';
import { connectSocket } from './find-gateway.ts';

const replyTimeout = 5_000;

/** A line to a gateway over which MCP may be spoken, and what the gateway said first. */
export interface Attachment {
  readonly socket: Socket;
  readonly pid: number;
  readonly notes: readonly string[];
}

/** Attaches to the gateway; null when it does not listen, or went away before it answered. */
export async function attach(endpoint: Endpoint, line: AttachLine): Promise<Attachment | null> {
  const socket = await connectSocket(endpoint.socket);
  if (socket === null) return null;
  socket.write(`${JSON.stringify(line)}\n`);
  try {
    const text = await readReply(socket);
    if (text === null) return null;
    const reply = parseReply(text);
    if (!('error' in reply)) return { socket, pid: reply.pid, notes: reply.notes };
    const { code, message } = reply.error;
    throw new NucleusError(isErrorCode(code) ? code : 'GATEWAY_UNREACHABLE', message);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The first line; what follows it stays in the socket. null when the socket ends before. */
async function readReply(socket: Socket): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let parts: Buffer = Buffer.alloc(0);
    const timer = setTimeout(
      () => finish(() => reject(failure('the gateway did not answer within 5 seconds'))),
      replyTimeout,
    );
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      socket.off('readable', onReadable).off('end', onGone).off('close', onGone);
      act();
    };
    const onGone = (): void => finish(() => resolve(null));
    const onReadable = (): void => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        parts = Buffer.concat([parts, chunk]);
        const end = parts.indexOf(0x0a);
        if (end >= 0) {
          const rest = parts.subarray(end + 1);
          if (rest.length > 0) socket.unshift(rest);
          return finish(() => resolve(parts.toString('utf8', 0, end)));
        }
        if (parts.length > maxAttachBytes) {
          return finish(() => reject(failure('the gateway answered with something that is no attach line')));
        }
      }
    };
    socket.on('readable', onReadable).on('end', onGone).on('close', onGone);
  });
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}

function parseReply(text: string): AttachReply {
  try {
    const reply = JSON.parse(text) as Partial<Record<'nucleus' | 'pid' | 'notes' | 'error', unknown>> | null;
    if (reply?.nucleus === 1 && (typeof reply.error === 'object' || Array.isArray(reply.notes))) {
      return reply as AttachReply;
    }
  } catch {
    // Said below: what is no JSON is no answer of a gateway either.
  }
  throw failure('what listens on the gateway’s socket does not speak as a gateway');
}

function failure(sentence: string): NucleusError {
  return new NucleusError('GATEWAY_UNREACHABLE', `${sentence}; run nucleus stop, then nucleus start`);
}
