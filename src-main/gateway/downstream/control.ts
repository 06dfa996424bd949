import { connect } from 'node:net';
import type { AttachLine, AttachReply } from '../../../src-shared/attach.ts';
import { maxAttachBytes } from '../../../src-shared/attach.ts';
import {
  contract,
  type AnyContract,
  type Ask,
  type Api,
  type AskContext,
  type AskName,
  type Handlers,
} from '../../../src-shared/contract.ts';
import { isErrorCode, NucleusError } from '../../../src-shared/errors.ts';
import { checkSocket } from '../storage/endpoint.ts';
import { encode, errorObject, isObject, parseFrame, parseJson, type Params } from '../wire/frame.ts';
import { readLines } from '../wire/lines.ts';

/** Longest message on a control connection; a tool's answer may be one. */
const controlLimit = 128 * 1024 * 1024;
/** How long the gateway may take to answer the attach line. */
const attachMs = 5_000;

/** Puts one question to the handlers, input and output checked against the contract that has it. */
export async function answerAsk(
  asks: AnyContract,
  handlers: object,
  name: string,
  input: unknown,
  context: AskContext,
): Promise<unknown> {
  const [group = '', key = ''] = name.split('.');
  const question = lookUp<Ask>(asks, group, key);
  const handler = lookUp<(input: unknown, context: AskContext) => unknown>(handlers, group, key);
  if (!question || !handler) throw new NucleusError('METHOD_UNKNOWN', `the gateway does not know ${name}`);
  return question.output.parse(await handler(readInput(question, name, input), context));
}

function readInput(question: Ask, name: string, input: unknown): unknown {
  const read = question.input.safeParse(input);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : '';
  throw new NucleusError(
    'ARGUMENTS_INVALID',
    `${name} was asked wrongly${place}: ${issue?.message ?? 'not valid'}`,
  );
}

function lookUp<T>(table: object, group: string, key: string): T | undefined {
  if (!Object.hasOwn(table, group)) return undefined;
  const row = (table as Record<string, object>)[group] as Record<string, unknown>;
  return Object.hasOwn(row, key) ? (row[key] as T) : undefined;
}

/** An Api whose questions are put by `put`, one function per question of the contract. */
function createApi(put: (name: AskName, input: unknown) => Promise<unknown>): Api {
  const groups = Object.entries(contract).map(([group, questions]) => [
    group,
    Object.fromEntries(
      Object.keys(questions).map((key) => [
        key,
        (input: unknown) => put(`${group}.${key}` as AskName, input),
      ]),
    ),
  ]);
  return Object.fromEntries(groups) as Api;
}

/** The contract over handlers in this process, checked as it is over the wire. */
export function localApi(handlers: Handlers): Api {
  const { signal } = new AbortController();
  return createApi((name, input) => answerAsk(contract, handlers, name, input, { signal }));
}

/** Serves the control side of one connection: JSON-RPC requests whose method is an AskName. */
export function createControlSession(
  handlers: Handlers,
  write: (line: string) => void,
): { receive(line: Buffer): void; close(): void } {
  const gone = new AbortController();
  return {
    receive(line) {
      const frame = parseFrame(line);
      if (frame.kind !== 'request') return;
      void answerAsk(contract, handlers, frame.method, frame.params ?? {}, { signal: gone.signal })
        .then((result) => encode({ id: frame.id, result }))
        // A result nested too deeply to be written is a failure like any other.
        .catch((error: unknown) => encode({ id: frame.id, error: errorObject(error) }))
        .then(write);
    },
    close: () => gone.abort(),
  };
}

/** Connects to a running gateway's socket and speaks the contract with it. Rejects with GATEWAY_UNREACHABLE, or STATE_UNUSABLE. */
export async function connectControl(
  socketPath: string,
  version: string,
): Promise<{ api: Api; pid: number; version: string; close(): void }> {
  const unreachable = (why: string): NucleusError =>
    new NucleusError(
      'GATEWAY_UNREACHABLE',
      `the gateway does not answer (${why}); start it with nucleus start`,
    );
  checkSocket(socketPath);
  const socket = connect(socketPath);
  const attached = Promise.withResolvers<Exclude<AttachReply, { error: unknown }>>();
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let greeted = false;
  let nextId = 1;

  const timer = setTimeout(() => fail(unreachable('it is silent')), attachMs);
  const fail = (error: NucleusError): void => {
    clearTimeout(timer);
    attached.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    socket.destroy();
  };
  socket.once('error', (error) => fail(unreachable(error.message)));
  socket.once('close', () => fail(unreachable('it closed the connection')));
  socket.once('connect', () => {
    const line: AttachLine = { nucleus: 1, version, role: 'control' };
    socket.write(`${JSON.stringify(line)}\n`);
  });
  readLines(socket, {
    limit: controlLimit,
    onOverflow: () => fail(unreachable('it sent more than one message may hold')),
    onLine(line) {
      const message = parseJson(line);
      if (!greeted) {
        greeted = true;
        if (line.length > maxAttachBytes || !isObject(message) || message['nucleus'] !== 1)
          return fail(unreachable('something else listens there'));
        if (isObject(message['error'])) return fail(remoteError(message['error']));
        clearTimeout(timer);
        return attached.resolve(message as unknown as Exclude<AttachReply, { error: unknown }>);
      }
      if (!isObject(message)) return;
      const asked = waiting.get(message['id'] as number);
      waiting.delete(message['id'] as number);
      if (isObject(message['error'])) asked?.reject(remoteError(message['error']));
      else asked?.resolve(message['result']);
    },
  });

  const reply = await attached.promise;
  return {
    pid: reply.pid,
    version: reply.version,
    api: createApi((name, input) => {
      const id = nextId++;
      const asked = Promise.withResolvers<unknown>();
      if (socket.destroyed) return Promise.reject(unreachable('the connection is closed'));
      waiting.set(id, asked);
      socket.write(`${encode({ id, method: name, params: input as Params })}\n`);
      return asked.promise;
    }),
    close: () => socket.destroy(),
  };
}

function remoteError(error: Params): NucleusError {
  const data = isObject(error['data']) ? error['data'] : {};
  const code = data['code'] ?? error['code'];
  return new NucleusError(isErrorCode(code) ? code : 'INTERNAL', String(error['message']), data);
}
