import type { AuditDecision, AuditOutcome, AuditRecord, AuditVia } from '../../../src-shared/audit.ts';
import { errorTable, NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Audit, Begun, CallRecord, CallStart } from '../audit/audit.ts';
import type { Clock } from '../platform.ts';
import type { Target } from '../policy/decision.ts';
import type { Limits } from '../policy/limits.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Peer } from '../wire/peer.ts';
import { readReply, replyOutcome, type Reply } from '../wire/reply.ts';
import type { Bridge } from './bridge.ts';
import type { Gate } from './gate.ts';
import type { Route } from './route.ts';
import { createUnrecorded, type WhenFull } from './unrecorded.ts';

/** What a call is about, as rules and the record see it. */
export type CallKind = 'tool' | 'prompt' | 'resource' | 'other';

/** One call on its way to one account. */
export interface Call {
  readonly kind: CallKind;
  readonly method: string;
  readonly route: Route;
  /** The client's params; name or uri are replaced by the upstream's own, all else passes. */
  readonly params: Params;
  readonly via: AuditVia;
  /** Which step of which plan it is. */
  readonly plan?: AuditRecord['plan'];
  readonly principal: string;
  /** The client's name for itself. */
  readonly client: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((params: Params) => void) | undefined;
  /** It is a notification: it gets no answer, and starts no upstream. */
  readonly isNotification?: boolean;
  /** Who is asked what the upstream asks during the call; absent where nobody can be. */
  readonly peer?: Peer | undefined;
  /** The gateway asks it for itself, as the connector's manifest says; it only reads. */
  readonly isOwnQuestion?: boolean;
}

export type Dispatch = (call: Call) => Promise<Reply>;

/**
 * The one road of every call: decide, ask a person, limit, send, record. There is no other way to an upstream's tools, prompts
 * and resources. What a model should read comes back as a result with isError; the rest is thrown.
 */
export function createDispatch(deps: {
  readonly gate: Pick<Gate, 'pass' | 'foresee'>;
  readonly limits: Limits;
  readonly bridge: Bridge;
  readonly audit: Pick<Audit, 'begin' | 'record' | 'problem'>;
  readonly whenFull: WhenFull;
  readonly clock: Clock;
  /** A tool answered, and not that it failed. */
  onSuccess?(call: Call): void;
}): Dispatch {
  const { audit } = deps;
  const unrecorded = createUnrecorded(deps);

  return async (call) => {
    const { kind, route } = call;
    const target = targetOf(call);
    const startedAt = deps.clock.now();
    const start = { target, via: call.via, client: call.client, plan: call.plan, startedAt };
    const record = (end: CallEnd, more: Judged, begun?: Begun): void =>
      audit.record(
        { ...start, ...more, ...end, arguments: argumentsOf(call), endedAt: deps.clock.now() },
        begun,
      );
    // Before anybody is asked for a yes that could not be written down.
    const early = audit.problem() === null ? null : await unrecorded(call);
    if (early) {
      record(blocked('denied', early.code), { policy: '', approval: null });
      return failure(kind, early);
    }
    const passing = deps.gate.pass(call);
    const passage = passing instanceof Promise ? await passing : passing;
    if (passage.kind === 'ask') return passage.reply;
    const judged = {
      policy: passage.version,
      approval: passage.kind === 'open' ? passage.approval : null,
      effect: passage.effect,
    };
    if (passage.kind === 'shut') {
      record(blocked(passage.decision, passage.reason), judged);
      return failure(kind, passage.error);
    }
    const begun = audit.begin({ ...start, ...judged });
    const late = audit.problem() === null ? null : await unrecorded(call);
    if (late) {
      record(blocked('denied', late.code), judged, begun);
      return failure(kind, late);
    }
    const ended = (outcome: AuditOutcome, reason?: string): void =>
      record({ decision: 'allowed', outcome, reason }, judged, begun);
    try {
      const giveBack = deps.limits.take(target);
      try {
        const reply = await deps.bridge({
          profile: route.binding.profile,
          principal: call.principal,
          method: call.method,
          isNotification: call.isNotification === true,
          params: upstreamParams(call, passage.params),
          signal: call.signal,
          onProgress: call.onProgress,
          peer: call.peer,
        });
        passage.onReply?.(reply);
        const outcome = replyOutcome(reply);
        ended(outcome === 'ok' ? 'ok' : 'upstream-error', reasonOf(reply, outcome));
        if (outcome === 'ok' && kind === 'tool') deps.onSuccess?.(call);
        return reply;
      } finally {
        giveBack();
      }
    } catch (thrown) {
      const error = toNucleusError(thrown);
      // Our own sentences hold no argument and no result, so they may be kept.
      ended('transport-error', error.code);
      return failure(kind, error);
    }
  };
}

/** What was found out of a call before it went out. */
type Judged = Pick<CallStart, 'policy' | 'approval' | 'effect'>;
type CallEnd = Pick<CallRecord, 'decision' | 'outcome' | 'reason'>;

function blocked(decision: AuditDecision, reason: string): CallEnd {
  return { decision, outcome: 'blocked', reason };
}

function argumentsOf({ kind, route, params }: Call): unknown {
  return kind === 'resource' ? { uri: route.name } : params['arguments'];
}

/** What rules and the record know a call by. */
export function targetOf({ principal, kind, method, route: { binding, name } }: Call): Target {
  const { profile, connector, alias } = binding;
  return { principal, profile, connector, alias, kind, name: kind === 'other' ? method : name };
}

function upstreamParams({ kind, route }: Call, params: Params): Params {
  if (kind === 'other') return params;
  return kind === 'resource' ? { ...params, uri: route.name } : { ...params, name: route.name };
}

/** The upstream's words may hold data, so only what kind of failure it was is kept. */
function reasonOf(reply: Reply, outcome: ReturnType<typeof replyOutcome>): string | undefined {
  if (outcome === 'ok') return undefined;
  if (outcome === 'tool-error') return 'the tool answered isError';
  const code = readReply(reply).error?.['code'];
  return `JSON-RPC error ${typeof code === 'number' ? code : 'without a code'}`;
}

function failure(kind: Call['kind'], error: NucleusError): Reply {
  if (kind !== 'tool' || errorTable[error.code].surface === 'error') throw error;
  return errorReply(error);
}

/** An answer that says what went wrong, for the model to read. */
export function errorReply(error: NucleusError): Reply {
  return { kind: 'made', body: { result: errorResult(error) } };
}

/** A failure as the model reads it: one sentence, and the code and profile for programs. */
export function errorResult(error: NucleusError): Params {
  return {
    content: [{ type: 'text', text: error.message }],
    isError: true,
    _meta: { 'dev.nucleus/error': { ...error.data, code: error.code } },
  };
}

/** The result of a reply, or the upstream's own error as a NucleusError; for callers that are no MCP client. */
export function resultOf(reply: Reply): Params {
  const { result, error } = readReply(reply);
  if (isObject(result)) return result;
  const message = isObject(error) && typeof error['message'] === 'string' ? error['message'] : 'no result';
  throw new NucleusError('UPSTREAM_ERROR', `the upstream answered with an error: ${message}`, {
    upstream: error,
  });
}
