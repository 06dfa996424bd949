import { NucleusError } from '../../../../src-shared/errors.ts';
import { isObject, type Params } from '../frame.ts';
import { isLogLevel, type LogLevel } from '../log-level.ts';
import { metaKeys, type InputRequest } from '../modern.ts';
import { hasCapability, neededCapability, type Peer, type PeerAnswer, type PeerRequest } from '../peer.ts';
import type { Reply } from '../reply.ts';
import { demandsOf, inputRequestOf } from './input-requests.ts';
import {
  bindingFor,
  capabilityMissing,
  declined,
  invalidState,
  isStuck,
  type Caller,
  type Running,
} from './running.ts';
import { legacyParams, stampReply } from './stamp.ts';

type OnProgress = ((params: Params) => void) | undefined;

/** Starts a request over the live connection of its upstream, with whoever is to be asked during it. */
export type Start = (
  params: Params,
  peer: Peer | undefined,
  signal: AbortSignal | undefined,
  onProgress: OnProgress,
) => Promise<Reply>;

/** A request of a modern client to a legacy upstream. */
export interface NewOldCall {
  readonly start: Start;
  readonly method: string;
  readonly params: Params;
  readonly principal: string;
  readonly profile: string;
  readonly peer: Peer | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress?: OnProgress;
}

/**
 * Clients of the modern era before upstreams of the legacy one. What the upstream asks during a call cannot be asked of
 * the client as a request: the call is parked, the questions are its answer, and the client asks again with what it
 * says to them (MCP 2026-07-28, basic/patterns/mrtr).
 */
export interface NewOld {
  carry(call: NewOldCall): Promise<Reply>;
  close(): void;
}

/** Where a call stands that waits for answers. */
export interface RequestState {
  readonly call: string;
  readonly round: number;
}

/** Seals what a client carries for us between two requests: it can be neither read, nor changed, nor used for another call. */
export interface RequestStates {
  seal(state: RequestState, binding: string): string;
  /** Null for what is not ours, was changed, or belongs to another call. */
  open(sealed: unknown, binding: string): RequestState | null;
}

/** Questions that come together are asked together: this long after the last one nothing more is expected. */
const quietMs = 30;
/** So long a client may take to answer. */
const parkedMs = 120_000;
const maxParked = 1_000;
const maxParkedOfOne = 100;
const maxQuestions = 20;
/** Requests that may be answered with questions. */
const mayAsk = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** In place of a parked call: its upstream ended it, and whoever did what it demanded calls again. */
const anew = 'anew';

export function createNewOld({
  clock,
  states,
  setLevel,
}: {
  readonly clock: { after(milliseconds: number, act: () => void): () => void };
  readonly states: RequestStates;
  /** Somebody wants log messages of these profiles from a level on; null: no more. */
  setLevel(listener: object, profiles: readonly string[], level: LogLevel | null): Promise<void>;
}): NewOld {
  let calls = 0;
  const parked = new Map<string, Running>();

  function begin(call: NewOldCall, peer: Peer): Promise<Reply> {
    const { method, principal, profile } = call;
    const params = legacyParams(call.params);
    const running: Running = {
      id: String((calls += 1)),
      principal,
      profile,
      binding: () => bindingFor(call),
      ending: new AbortController(),
      questions: new Map(),
      lacking: [],
      caller: null,
      capabilities: peer.capabilities,
      asked: 0,
      round: 0,
      outcome: null,
      forgetTimer: () => {},
    };
    const reply = attach(running, call, peer);
    const relay = call.onProgress && ((progress: Params) => running.caller?.onProgress?.(progress));
    const start: Start = (...given) => withLevel(call, () => call.start(...given));
    start(params, peerOf(running, peer), running.ending.signal, relay).then(
      (answer) => finish(running, () => answerOf(running, answer, method)),
      (error: unknown) =>
        finish(running, () => {
          throw error;
        }),
    );
    return reply;
  }

  /** The level a request asks for is one of its connection in the legacy era, so that it is asked for meanwhile. */
  async function withLevel({ params, profile }: NewOldCall, work: () => Promise<Reply>): Promise<Reply> {
    const meta = params['_meta'];
    const level = isObject(meta) ? meta[metaKeys.logLevel] : undefined;
    if (!isLogLevel(level)) return work();
    const listener = {};
    await setLevel(listener, [profile], level);
    return work().finally(() => void setLevel(listener, [], null));
  }

  /** A request of the client waits for what the call comes to next. */
  function attach(running: Running, { signal, onProgress }: NewOldCall, peer: Peer): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    running.caller = { peer, onProgress, resolve, reject };
    const onAbort = (): void => end(running);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) end(running);
    if (running.outcome) conclude(running, running.caller, running.outcome);
    else if (running.questions.size > 0) gather(running);
    return promise.finally(() => signal?.removeEventListener('abort', onAbort));
  }

  /** Who the upstream asks: not the client, which is told when it has to be. */
  function peerOf(running: Running, { client }: Peer): Peer {
    return {
      client,
      era: 'modern',
      get capabilities() {
        return running.capabilities;
      },
      ask: (request) => ask(running, request),
      tell: (method, params) => running.caller?.peer.tell(method, params),
    };
  }

  function ask(running: Running, request: PeerRequest): Promise<PeerAnswer> {
    const { method, params, signal } = request;
    const needed = neededCapability(method, params);
    const isLacking = needed !== null && !hasCapability(running.capabilities, needed);
    if (isLacking) running.lacking.push(needed);
    if (running.caller) gather(running);
    if (isLacking || needed === null || running.questions.size >= maxQuestions)
      return Promise.resolve(declined(method));
    const { promise, resolve } = Promise.withResolvers<PeerAnswer>();
    const key = `${method.split('/', 1)[0]}-${(running.asked += 1)}`;
    const onAbort = (): void => settle(declined(method));
    const settle = (answer: PeerAnswer): void => {
      running.questions.delete(key);
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    running.questions.set(key, { request, settle });
    signal.addEventListener('abort', onAbort, { once: true });
    return promise;
  }

  function gather(running: Running): void {
    running.forgetTimer();
    running.forgetTimer = clock.after(quietMs, () => {
      try {
        put(running);
      } catch (error) {
        release(running)?.reject(error);
        end(running);
      }
    });
  }

  /** Hands the questions to the client and parks the call. */
  function put(running: Running): void {
    const { caller, questions, principal, profile } = running;
    if (!caller) return;
    if (questions.size === 0) {
      if (!isStuck(running)) return;
      release(running)?.reject(capabilityMissing(running));
      return end(running);
    }
    if (!parked.has(running.id) && isFull(principal)) {
      release(running)?.reject(
        new NucleusError('GATEWAY_BUSY', `too many calls wait for answers; answer some, then call again`, {
          profile,
        }),
      );
      return end(running);
    }
    running.round += 1;
    const inputRequests: Record<string, InputRequest> = {};
    for (const [key, { request }] of questions)
      inputRequests[key] = inputRequestOf(request.method, request.params);
    const reply = inputRequired(running, inputRequests, running.id);
    parked.set(running.id, running);
    running.forgetTimer = clock.after(parkedMs, () => end(running));
    release(running)?.resolve(reply);
  }

  function inputRequired(
    running: Running,
    inputRequests: Readonly<Record<string, InputRequest>>,
    call: string,
  ): Reply {
    const requestState = states.seal({ call, round: running.round }, running.binding());
    return { kind: 'made', body: { result: { resultType: 'input_required', inputRequests, requestState } } };
  }

  function answerOf(running: Running, answer: Reply, method: string): Reply {
    const demands = demandsOf(answer);
    if (!demands) return stampReply(answer, method);
    if (hasCapability(running.capabilities, ['elicitation', 'url']))
      return inputRequired(running, demands, anew);
    running.lacking.push(['elicitation', 'url']);
    throw capabilityMissing(running);
  }

  function release(running: Running): Caller | null {
    const { caller } = running;
    running.caller = null;
    return caller;
  }

  function isFull(principal: string): boolean {
    if (parked.size >= maxParked) return true;
    let own = 0;
    for (const running of parked.values()) if (running.principal === principal) own += 1;
    return own >= maxParkedOfOne;
  }

  /** The upstream answered, or its call failed. */
  function finish(running: Running, outcome: () => Reply): void {
    running.outcome = outcome;
    decline(running);
    // A parked call keeps its outcome until its client comes for it, or its time is over.
    if (running.caller) conclude(running, running.caller, outcome);
  }

  function conclude(running: Running, caller: Caller, outcome: () => Reply): void {
    running.forgetTimer();
    parked.delete(running.id);
    running.caller = null;
    if (isStuck(running)) return caller.reject(capabilityMissing(running));
    try {
      caller.resolve(outcome());
    } catch (error) {
      caller.reject(error);
    }
  }

  function decline({ questions }: Running): void {
    for (const { request, settle } of Array.from(questions.values())) settle(declined(request.method));
  }

  /** Ends a call that nobody waits for any more. */
  function end(running: Running): void {
    running.forgetTimer();
    parked.delete(running.id);
    decline(running);
    running.ending.abort();
  }

  function resume(call: NewOldCall, peer: Peer): Promise<Reply> {
    const { requestState, inputResponses } = call.params;
    const state = states.open(requestState, bindingFor(call));
    if (!state) throw invalidState(call.profile, 'requestState is not what this call was answered with');
    if (state.call === anew) return begin(call, peer);
    const running = parked.get(state.call);
    if (!running || running.caller || running.round !== state.round)
      throw invalidState(call.profile, 'requestState was used before, or its time is over');
    running.forgetTimer();
    running.capabilities = peer.capabilities;
    const responses = isObject(inputResponses) ? inputResponses : {};
    for (const [key, { settle }] of Array.from(running.questions)) {
      const answer = Object.hasOwn(responses, key) ? responses[key] : undefined;
      if (isObject(answer)) settle({ result: answer });
    }
    return attach(running, call, peer);
  }

  return {
    async carry(call) {
      const { method, params, peer, signal, start, onProgress } = call;
      if (!peer || !mayAsk.has(method))
        return stampReply(
          await withLevel(call, () => start(legacyParams(params), peer, signal, onProgress)),
          method,
        );
      return params['requestState'] === undefined ? begin(call, peer) : resume(call, peer);
    },
    close() {
      for (const running of Array.from(parked.values())) end(running);
    },
  };
}
