import { isObject, type Params } from '../frame.ts';
import { tasksExtension } from '../modern.ts';
import type { Peer } from '../peer.ts';
import { findResponseId, outcomeOf, readReply, type Reply } from '../reply.ts';
import { membersOf, resultAt } from '../splice.ts';
import type { Send } from './old-new.ts';

/** Between two looks at a task, whatever its server says. */
const shortestMs = 50;
const usualMs = 1_000;
const longestMs = 10_000;
/** A task is not waited for longer than this, nor by more looks. */
const maxRunMs = 60 * 60 * 1_000;

/** The client of a call as one that takes tasks: what becomes of them is looked after here. */
export function takingTasks(peer: Peer): Peer {
  const { capabilities } = peer;
  const extensions = isObject(capabilities['extensions']) ? capabilities['extensions'] : {};
  return {
    client: peer.client,
    era: 'modern',
    capabilities: { ...capabilities, extensions: { ...extensions, [tasksExtension]: {} } },
    logLevel: peer.logLevel,
    ask: (request) => peer.ask(request),
    tell: (method, params) => peer.tell(method, params),
  };
}

/** Whether a server does what it was asked as a task only, and so turned it down. */
export function needsTasks(error: Params | undefined): boolean {
  const data = error?.['data'];
  const needed = isObject(data) ? data['requiredCapabilities'] : undefined;
  const extensions = isObject(needed) ? needed['extensions'] : undefined;
  return isObject(extensions) && tasksExtension in extensions;
}

/**
 * Waits for a task of a modern upstream on behalf of a client that knows nothing of it: its result is the answer to the
 * call (ext-tasks 2026-07-28). A call that is taken back cancels its task.
 */
export async function runTask({
  task,
  send,
  answers,
  wait,
  fail,
  signal,
}: {
  readonly task: Params;
  readonly send: Send;
  /** Puts questions of the task to the client. */
  answers(requests: Params): Promise<Params | null>;
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
  fail(why: string): Error;
  readonly signal: AbortSignal | undefined;
}): Promise<Reply> {
  const { taskId } = task;
  if (typeof taskId !== 'string') throw fail('it made a task of it without saying which');
  const answered = new Set<string>();
  let state = task;
  let waited = 0;
  try {
    for (;;) {
      const { status, inputRequests } = state;
      if (status === 'cancelled') throw fail('it cancelled its task; call again');
      if (status === 'input_required' && isObject(inputRequests)) await answer(inputRequests);
      const pause = Math.min(Math.max(numberOf(state['pollIntervalMs'], usualMs), shortestMs), longestMs);
      if (waited > maxRunMs) throw fail('its task did not end within an hour');
      await wait(pause, signal);
      waited += pause;
      const reply = await send({ taskId }, { method: 'tasks/get' });
      const { result } = readReply(reply);
      if (!isObject(result)) return reply;
      if (result['status'] === 'completed') return resultOf(reply, result['result']);
      if (result['status'] === 'failed') return { kind: 'made', body: { error: result['error'] ?? {} } };
      state = result;
    }
  } catch (error) {
    // Whoever waits for the call hears of that; the task may be gone already.
    send({ taskId }, { method: 'tasks/cancel', isLast: true }).catch(() => {});
    throw error;
  }

  async function answer(requests: Params): Promise<void> {
    const news = Object.entries(requests).filter(([key]) => !answered.has(key));
    if (news.length === 0) return;
    for (const [key] of news) answered.add(key);
    const inputResponses = await answers(Object.fromEntries(news));
    await send({ taskId, inputResponses }, { method: 'tasks/update' });
  }
}

/** The result in a task as an answer of its own, byte for byte where it came as bytes. */
function resultOf(reply: Reply, result: unknown): Reply {
  const outcome = outcomeOf({ result });
  if (reply.kind === 'raw') {
    const [own] = membersOf(reply.line, resultAt(reply.line) ?? 0).filter(({ key }) => key === 'result');
    const head = Buffer.from('{"jsonrpc":"2.0","id":1,"result":');
    const line = own && Buffer.concat([head, reply.line.subarray(own.value, own.end), Buffer.from('}')]);
    const span = line && findResponseId(line);
    if (span) return { kind: 'raw', line, span, outcome };
  }
  return { kind: 'made', body: { result } };
}

function numberOf(value: unknown, usual: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : usual;
}
