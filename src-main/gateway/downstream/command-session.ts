import { Readable, Writable } from 'node:stream';
import { Handed } from '../../../src-shared/attach-schema.ts';
import type { HandedCommand } from '../../../src-shared/attach.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { isObject, parseJson } from '../wire/frame.ts';
import { attachError } from './session.ts';

/** What a command reads and writes, carried over the connection of the shim that handed it over. */
export interface CommandStreams {
  readonly stdin: CarriedInput;
  readonly stdout: CarriedOutput;
  readonly stderr: CarriedOutput;
  /** The terminal the shim belongs to; null when it belongs to none. */
  openTerminal(): Promise<{ stdin: CarriedInput; stderr: CarriedOutput; close(): void } | null>;
  /** Ends the shim as Ctrl-C would. */
  interrupt(): void;
  /** Ends with the shim. */
  readonly gone: AbortSignal;
}

/** Runs a command line; answers its exit code, and never rejects for what went wrong in it. */
export type CommandRunner = (command: HandedCommand, streams: CommandStreams) => Promise<number>;

export interface CarriedInput extends Readable {
  readonly isTTY: boolean;
  isRaw: boolean;
  setRawMode(isRaw: boolean): void;
  /** What the shim read; null is the end. */
  give(piece: Buffer | null): void;
}

export interface CarriedOutput extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
}

/** Longest piece in one line; the shim holds a line in memory. */
const maxPiece = 64 * 1024;

/** Commands that may run at once; more are a loop of somebody's. */
const maxCommands = 32;

/** A runner that refuses what comes when too many commands run already. */
export function limitCommands(run: CommandRunner): CommandRunner {
  let running = 0;
  return async (command, streams) => {
    if (running >= maxCommands)
      throw new NucleusError(
        'GATEWAY_BUSY',
        `${maxCommands} commands run in the app already; wait for one of them to end`,
      );
    running += 1;
    try {
      return await run(command, streams);
    } finally {
      running -= 1;
    }
  };
}

/**
 * Serves one connection of role `command`. Lines of the shim: `run` once, then what was read (`in`, `tty`; null is the
 * end) each time it was asked for, and `open`. Ours: `read` and `stop`, what to write (`out`, `err`, `tty`), `raw`, `open`,
 * `interrupt`, and `exit` as the last one. Bytes are in base64.
 */
export function createCommandSession(
  run: CommandRunner,
  write: (line: string, onTaken?: () => void) => void,
  end: () => void,
): { receive(line: Buffer): void; close(): void } {
  const gone = new AbortController();
  const say = (message: object, onTaken?: () => void): void => write(JSON.stringify(message), onTaken);
  let streams: ReturnType<typeof createStreams> | null = null;

  function begin(message: unknown): void {
    const read = Handed.safeParse(message);
    if (!read.success)
      throw new NucleusError('REQUEST_INVALID', 'the command that was handed over is not valid');
    const carried = (streams = createStreams(read.data, say, gone.signal));
    void run(read.data, carried.streams).then(
      (code) => finish({ exit: code }),
      (error: unknown) => finish({ error: attachError(error), exit: 1 }),
    );
  }

  function finish(message: object): void {
    if (!gone.signal.aborted) say(message);
    end();
  }

  return {
    receive(line) {
      const message = parseJson(line);
      if (!isObject(message)) return;
      if (streams) return streams.receive(message);
      try {
        begin(message['run']);
      } catch (error) {
        finish({ error: attachError(error), exit: 2 });
      }
    },
    close() {
      gone.abort();
      streams?.close();
    },
  };
}

function createStreams(
  { tty, columns }: HandedCommand,
  say: (message: object, onTaken?: () => void) => void,
  gone: AbortSignal,
): { streams: CommandStreams; receive(message: Record<string, unknown>): void; close(): void } {
  const width = columns ?? 80;
  const stdin = createInput('in', tty[0], say);
  const outputs = [createOutput('out', tty[1], width, say), createOutput('err', tty[2], width, say)] as const;
  let terminal: CarriedInput | null = null;
  let opening: PromiseWithResolvers<boolean> | null = null;

  return {
    streams: {
      stdin,
      stdout: outputs[0],
      stderr: outputs[1],
      async openTerminal() {
        opening ??= Promise.withResolvers();
        say({ open: 'tty' });
        if (!(await opening.promise)) return null;
        const input = (terminal = createInput('tty', true, say));
        const output = createOutput('tty', true, width, say);
        return {
          stdin: input,
          stderr: output,
          close() {
            opening = null;
            input.destroy();
            output.end();
          },
        };
      },
      interrupt: () => say({ interrupt: true }),
      gone,
    },
    receive(message) {
      if ('open' in message) opening?.resolve(message['open'] === true);
      for (const [name, input] of [
        ['in', stdin],
        ['tty', terminal],
      ] as const)
        if (name in message) give(input, message[name]);
    },
    close() {
      opening?.resolve(false);
      for (const input of [stdin, terminal]) give(input, null);
      // With an error, so that nobody goes on waiting for room in them.
      for (const output of outputs) output.destroy(new Error('the shim is gone'));
    },
  };
}

function give(input: CarriedInput | null, piece: unknown): void {
  input?.give(typeof piece === 'string' ? Buffer.from(piece, 'base64') : null);
}

function createInput(name: 'in' | 'tty', isTTY: boolean, say: (message: object) => void): CarriedInput {
  let isWanted = false;
  let isEnded = false;
  const input = new Readable({
    read() {
      isWanted = true;
      say({ read: name });
    },
  });
  // A key that is read too much is one the next reader of that terminal does not get.
  const stop = (): void => {
    if (isWanted) say({ stop: name });
  };
  input.on('pause', stop).on('close', stop);
  input.on('resume', () => {
    if (isWanted) say({ read: name });
  });
  return Object.assign(input, {
    isTTY,
    isRaw: false,
    give(piece: Buffer | null) {
      // What nobody asked for would pile up here, and what follows the end would fail the whole gateway.
      if (isEnded || input.destroyed || (piece !== null && !isWanted)) return;
      isWanted = false;
      isEnded = piece === null;
      input.push(piece);
    },
    setRawMode(this: CarriedInput, isRaw: boolean) {
      this.isRaw = isRaw;
      say({ raw: name, on: isRaw });
    },
  });
}

function createOutput(
  name: 'out' | 'err' | 'tty',
  isTTY: boolean,
  columns: number,
  say: (message: object, onTaken?: () => void) => void,
): CarriedOutput {
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (let from = 0; from < chunk.length; from += maxPiece) {
        const piece = chunk.subarray(from, from + maxPiece);
        const isLast = from + maxPiece >= chunk.length;
        say({ [name]: piece.toString('base64') }, isLast ? () => done() : undefined);
      }
      if (chunk.length === 0) done();
    },
  });
  // Its reader may be gone; the command hears so by `gone`.
  output.on('error', () => {});
  return Object.assign(output, { isTTY, columns });
}
