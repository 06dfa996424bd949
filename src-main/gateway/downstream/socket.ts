import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { Attach } from '../../../src-shared/attach-schema.ts';
import { keyMark, maxAttachBytes, type AttachLine, type AttachReply } from '../../../src-shared/attach.ts';
import type { Handlers } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import { prepareSocketFolder } from '../storage/endpoint.ts';
import type { AskedView } from '../routing/views.ts';
import { isObject, parseJson } from '../wire/frame.ts';
import { readLines } from '../wire/lines.ts';
import { type CommandRunner, createCommandSession } from './command-session.ts';
import { createControlSession } from './control.ts';
import { attachError, type Caller, type Message, type Session, type SessionIo } from './session.ts';

/** A connection that says nothing is dropped. */
const attachMs = 10_000;
const newline = '\n';
/** A connection that is ended has this long to take what was written. */
const farewellMs = 10_000;

export interface SocketFront {
  /** Takes no new connection; those there stay. */
  stopListening(): void;
  close(): Promise<void>;
}

/** Listens on the private local socket; each connection says in its first line what it is. */
export async function listenOnSocket(deps: {
  readonly path: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly handlers: Handlers;
  /** Runs what shims hand over; null where the command line cannot be run in this process. */
  readonly runCommand: CommandRunner | null;
  /** Longest line a client may send, in bytes. */
  readonly lineLimit: number;
  openSession(io: SessionIo, caller: Caller, view: AskedView | undefined): Session;
  /** Called whenever the number of connections changed. */
  onConnections(count: number): void;
}): Promise<SocketFront> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    deps.onConnections(connections.size);
    socket.once('close', () => {
      connections.delete(socket);
      deps.onConnections(connections.size);
    });
    serve(deps, socket);
  });
  prepareSocketFolder(deps.path);
  // We hold the lock, so a socket that lies there belongs to nobody alive.
  if (process.platform !== 'win32') rmSync(deps.path, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(deps.path, resolve);
  await promise;
  // A connection that could not be taken, out of descriptors for one, must not end the gateway.
  server.on('error', (error) => deps.log.warn('a client could not connect', { reason: error.message }));
  const closed = Promise.withResolvers<void>();
  server.once('close', () => closed.resolve());
  const stopListening = (): void => {
    if (server.listening) server.close();
  };
  return {
    stopListening,
    async close() {
      stopListening();
      for (const socket of connections) socket.end();
      const forget = deps.clock.after(1_000, () => {
        for (const socket of connections) socket.destroy();
      });
      await closed.promise;
      forget();
      // Node unlinks the socket itself; its folder is ours.
      if (process.platform !== 'win32') rmSync(dirname(deps.path), { recursive: true, force: true });
    },
  };
}

function serve(deps: Parameters<typeof listenOnSocket>[0], socket: Socket): void {
  let session: Session | null = null;
  let receiver: { receive(line: Buffer): void; close(): void } | null = null;
  socket.on('error', (error) => deps.log.debug('client connection broke', { reason: error.message }));
  const forgetSilence = deps.clock.after(attachMs, () => socket.destroy());
  socket.once('close', () => {
    forgetSilence();
    receiver?.close();
  });
  // A client that ends its side has heard enough; without this a half-open socket would keep its session.
  socket.once('end', () => socket.end());

  const reply = (line: AttachReply): void => void socket.write(`${JSON.stringify(line)}${newline}`);
  const refuse = (error: unknown): void => {
    reply({ nucleus: 1, version: deps.version, error: attachError(error) });
    socket.end();
    // What came in the same piece is not another attach line.
    receiver = { receive: () => {}, close: () => {} };
  };

  readLines(socket, {
    limit: deps.lineLimit,
    onOverflow: (head, tail, length) => (session ? session.overflow(head, tail, length) : socket.destroy()),
    onLine(line) {
      if (receiver) return receiver.receive(line);
      forgetSilence();
      try {
        const attach = readAttach(line);
        let notes: readonly string[] = [];
        if (attach.role === 'control') {
          receiver = createControlSession(deps.handlers, (text) => void socket.write(`${text}${newline}`));
        } else if (attach.role === 'command') {
          receiver = openCommand(deps, socket);
        } else {
          session = deps.openSession(
            socketIo(socket, deps.clock),
            { principal: attach.client === undefined ? 'local' : `${keyMark}${attach.client}` },
            attach.cwd === undefined ? attach.view : { ...attach.view, folder: attach.cwd },
          );
          notes = session.notes();
          receiver = session;
        }
        reply({ nucleus: 1, version: deps.version, pid: process.pid, notes });
      } catch (error) {
        refuse(error);
      }
    },
  });
}

function openCommand(
  { runCommand }: Pick<Parameters<typeof listenOnSocket>[0], 'runCommand'>,
  socket: Socket,
): { receive(line: Buffer): void; close(): void } {
  if (runCommand === null)
    throw new NucleusError(
      'METHOD_UNKNOWN',
      'the running gateway takes no command lines; stop it and open the app, or use the nucleus it was started with',
    );
  return createCommandSession(
    runCommand,
    (text, onTaken) => void socket.write(`${text}${newline}`, () => onTaken?.()),
    () => socket.end(),
  );
}

function readAttach(line: Buffer): AttachLine {
  const attach = line.length <= maxAttachBytes ? parseJson(line) : undefined;
  if (!isObject(attach) || typeof attach['nucleus'] !== 'number')
    throw new NucleusError(
      'GATEWAY_VERSION',
      'this socket wants an attach line of Nucleus first; connect clients with nucleus serve',
    );
  if (attach['nucleus'] !== 1)
    throw new NucleusError(
      'GATEWAY_VERSION',
      `the running gateway speaks attach version 1, this program version ${attach['nucleus']}; restart it with nucleus stop and nucleus start`,
    );
  const checked = Attach.safeParse(attach);
  if (checked.success) return { ...checked.data, nucleus: 1 } as AttachLine;
  const [issue] = checked.error.issues;
  throw new NucleusError(
    'REQUEST_INVALID',
    `the attach line is not valid at ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

function socketIo(socket: Socket, clock: Clock): SessionIo {
  const write = (message: Message): void => writeLine(socket, message);
  return {
    answer: (_id, message) => write(message),
    notify(message) {
      write(message);
      return true;
    },
    end() {
      socket.end();
      // A client that does not read would keep the connection, and what it left unread, for good.
      const forget = clock.after(farewellMs, () => socket.destroy());
      socket.once('close', forget);
    },
    backlog: () => socket.writableLength,
  };
}

/** Writes one message as a line, in one piece as far as the system takes it. */
export function writeLine(to: Writable, message: Message): void {
  to.cork();
  for (const part of message) to.write(part);
  to.write(newline);
  to.uncork();
}
