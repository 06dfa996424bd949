import { NucleusError } from '../../../../src-shared/errors.ts';
import { isObject, type Params } from '../frame.ts';
import type { InputRequest } from '../modern.ts';
import type { Peer } from '../peer.ts';
import { readReply, type Reply } from '../reply.ts';
import { spliceResult } from '../splice.ts';
import { isWrapped } from './definitions.ts';
import { needsTasks, runTask, takingTasks } from './run-task.ts';

/** Sends a request once over the live connection of its upstream: the call itself, or what has to be asked because of it. */
export type Send = (
  params: Params,
  other?: {
    readonly method?: string;
    /** In place of the client of the call. */
    readonly peer?: Peer;
    /** Nobody waits for it. */
    readonly isLast?: boolean;
  },
) => Promise<Reply>;

/** What a call needs beside itself. */
export interface OldNewParts {
  readonly profile: string;
  readonly peer: Peer | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How the results of the tool that is called were listed. */
  outputSchema?(): unknown;
  wait?(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Answers that are no answers; a server that asks on and on is not served on and on. */
const maxRounds = 10;
/** Questions in one answer. */
const maxQuestions = 100;

/**
 * A client of the legacy era before an upstream of the modern one: what that asks in its answer becomes requests to the
 * client, and the call is sent again with what the client says (MCP 2026-07-28, basic/patterns/mrtr).
 */
export async function oldNew(send: Send, params: Params, parts: OldNewParts): Promise<Reply> {
  const { profile, peer, signal } = parts;
  const outputSchema = parts.outputSchema ?? ((): undefined => undefined);
  // Asks a server of 2025-11-25 for a task, and one of today for nothing.
  const { task: _task, ...own } = params;
  let asked = own;
  let helper: Peer | undefined;
  const sendAs: Send = (given, other) => send(given, { ...(helper && { peer: helper }), ...other });
  for (let round = 1; ; round += 1) {
    const reply = await sendAs(asked);
    const { result, error } = readReply(reply);
    if (error && needsTasks(error) && peer && parts.wait && !helper) {
      helper = takingTasks(peer);
      continue;
    }
    if (result?.['resultType'] === 'task')
      return asOld(await endOf(result, sendAs, parts), undefined, outputSchema);
    if (!isObject(result) || result['resultType'] !== 'input_required')
      return asOld(reply, result, outputSchema);
    if (round > maxRounds)
      throw failed(profile, `it asked for input ${maxRounds} times over, and the call was given up`);
    const inputResponses = await answers(result['inputRequests'], peer, profile, signal);
    const state = result['requestState'];
    // Only what this round was asked for, and the state byte for byte.
    asked = {
      ...own,
      ...(inputResponses && { inputResponses }),
      ...(state !== undefined && { requestState: state }),
    };
  }
}

/** What a task comes to, waited for here: tasks of the legacy era are others. */
function endOf(task: Params, send: Send, { profile, peer, signal, wait }: OldNewParts): Promise<Reply> {
  if (!wait) throw failed(profile, 'it made a task of it, which cannot be waited for here');
  return runTask({
    task,
    send,
    answers: (requests) => answers(requests, peer, profile, signal),
    wait,
    fail: (why) => failed(profile, why),
    signal,
  });
}

/** Puts all questions of one answer to the client at once. */
async function answers(
  requests: unknown,
  peer: Peer | undefined,
  profile: string,
  signal: AbortSignal | undefined,
): Promise<Params | null> {
  if (requests === undefined) return null;
  const entries = isObject(requests) ? Object.entries(requests) : [];
  const questions = entries.filter((entry): entry is [string, Params & InputRequest] => isQuestion(entry[1]));
  if (questions.length < entries.length || !isObject(requests))
    throw failed(profile, 'it asked for input in a way that is not MCP; report it to its makers');
  if (questions.length > maxQuestions) throw failed(profile, 'it asked too many things at once');
  // One answer that cannot be had takes back the other questions.
  const ending = new AbortController();
  const whole = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  try {
    const found = questions.map(async ([key, question]) => [
      key,
      await answer(question, peer, profile, whole),
    ]);
    return Object.fromEntries(await Promise.all(found)) as Params;
  } finally {
    ending.abort();
  }
}

async function answer(
  { method, params }: InputRequest,
  peer: Peer | undefined,
  profile: string,
  signal: AbortSignal,
): Promise<unknown> {
  if (!peer)
    throw failed(
      profile,
      `it needs an answer to ${method}, and nobody can be asked here; use an MCP client that can be`,
    );
  const body = await peer.ask({ method, params: asAsked(method, params), signal });
  if ('result' in body) return body.result;
  // A no is something every server that asks a person must live with.
  if (method === 'elicitation/create') return { action: 'decline' };
  const message = (body.error as Params)['message'];
  throw failed(profile, `it needs an answer to ${method}: ${String(message).slice(0, 300)}`);
}

/** A page to open has an id in the legacy era, by which its end could be told; here that is told by the answer. */
function asAsked(method: string, params: Params | undefined): Params | undefined {
  if (method !== 'elicitation/create' || params?.['mode'] !== 'url' || 'elicitationId' in params)
    return params;
  return { ...params, elicitationId: crypto.randomUUID() };
}

/**
 * Legacy results know nothing of kinds and of caching, and some clients take nothing they do not know; what is
 * structured in them is an object, as the list said it would be.
 */
function asOld(reply: Reply, read: Params | undefined, outputSchema: () => unknown): Reply {
  const result = read ?? readReply(reply).result;
  if (!isObject(result)) return reply;
  const structured = result['structuredContent'];
  const isToWrap = structured !== undefined && (!isObject(structured) || isWrapped(outputSchema()));
  if (!isToWrap && !added.some((key) => key in result)) return reply;
  const spliced =
    reply.kind === 'raw' ? spliceResult(reply.line, added, isToWrap ? ['structuredContent'] : []) : null;
  if (reply.kind === 'raw' && spliced) {
    const { id, start, end } = reply.span;
    // An id behind the result moves with what follows that.
    const moved = start > spliced.start ? spliced.removed : 0;
    const span = { id, start: start - moved, end: end - moved };
    return { kind: 'raw', line: spliced.line, span, outcome: reply.outcome };
  }
  const { resultType: _, ttlMs: __, cacheScope: ___, ...others } = result;
  const body = { ...others, ...(isToWrap && { structuredContent: { result: structured } }) };
  return { ...reply, kind: 'made', body: { result: body } };
}

const added = ['resultType', 'ttlMs', 'cacheScope'] as const;

function isQuestion(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['method'] === 'string' &&
    (value['params'] === undefined || isObject(value['params']))
  );
}

function failed(profile: string, why: string): NucleusError {
  return new NucleusError(
    'UPSTREAM_UNSUPPORTED',
    `the server of ${profile} did not finish the call: ${why}`,
    {
      profile,
    },
  );
}
