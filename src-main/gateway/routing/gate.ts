import type { AuditDecision } from '../../../src-shared/audit.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Effect, EnvClass } from '../../../src-shared/policy.ts';
import { argumentsHash } from '../audit/arguments-hash.ts';
import type { Clock } from '../platform.ts';
import type { Approvals, Question, Verdict } from '../policy/approvals.ts';
import type { Decision, Facts } from '../policy/decision.ts';
import type { Effects, Judged } from '../policy/effect.ts';
import type { Grants } from '../policy/grants.ts';
import type { Policies } from '../policy/policies.ts';
import { confirmationText, confirmed, confirmKey, deniedText, mismatchText } from '../policy/sentences.ts';
import type { NewOld } from '../wire/eras/new-old.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { hasCapability, type Peer } from '../wire/peer.ts';
import { readReply, type Reply } from '../wire/reply.ts';
import { askAgain, askToAllow } from './ask-client.ts';
import type { Call } from './dispatch.ts';
import type { Patience } from './patience.ts';
import type { Tickets } from './tickets.ts';

/** Whether a call may go on, and with what. */
export type Passage =
  | {
      readonly kind: 'open';
      /** Without what was meant for the gate. */
      readonly params: Params;
      readonly version: string;
      /** The yes it was given; null where none was needed. */
      readonly approval: string | null;
      /** Where it had to be judged. */
      readonly effect?: Effect;
      /** The reply may ask its client for more before the call is done. */
      readonly onReply?: (reply: Reply) => void;
    }
  | {
      readonly kind: 'shut';
      readonly decision: Exclude<AuditDecision, 'allowed'>;
      readonly version: string;
      readonly effect?: Effect;
      readonly error: NucleusError;
      /** For the record, with nothing of the arguments. */
      readonly reason: string;
    }
  /** The client is asked first; it comes again with what it is told. */
  | { readonly kind: 'ask'; readonly reply: Reply };

/** What stands between a call and its account: the lock, the rules, a person. */
export interface Gate {
  pass(call: Call): Promise<Passage> | Passage;
  /** What would become of a call, asking nobody and touching nothing. */
  foresee(
    call: Call,
  ): Promise<{ readonly decision: Decision; readonly facts: Facts; readonly version: string }>;
}

/** A phrase is said among the arguments, or where there are none in `_meta`. */
const confirmMeta = 'dev.nucleus/confirm';
/** While a person was asked the rules may have changed, each time again; somebody who edits them has that in hand. */
const maxRounds = 5;

export function createGate(deps: {
  readonly policy: Pick<Policies, 'decide' | 'passes'>;
  readonly effects: Effects;
  readonly approvals: Pick<Approvals, 'wait' | 'continues'>;
  readonly grants: Pick<Grants, 'use'>;
  readonly tickets: Tickets;
  readonly patience: Patience;
  readonly newOld: Pick<NewOld, 'carry'>;
  readonly clock: Clock;
  /** Throws while everything is locked. */
  checkLock(): void;
  envOf(profile: string): EnvClass | null;
}): Gate {
  const { clock, approvals } = deps;

  function pass(call: Call): Promise<Passage> | Passage {
    const { said, params } = withoutConfirm(call);
    const clean = params === call.params ? call : { ...call, params };
    const version = passing(clean);
    if (version !== null) {
      const locked = lockedError();
      return locked ? shut('denied', version, locked) : { kind: 'open', params, version, approval: null };
    }
    const judged = judge(clean);
    // A call nobody has to wait for costs no turn of the event loop.
    return judged instanceof Promise
      ? judged.then((known) => decideOn(clean, factsOf(clean, known), said, 0))
      : decideOn(clean, factsOf(clean, judged), said, 0);
  }

  function decideOn(call: Call, facts: Facts, said: unknown, round: number): Promise<Passage> | Passage {
    const locked = lockedError();
    if (locked) return shut('denied', '', locked);
    const { decision, version } = decide(facts);
    const { profile } = facts;
    const effect = facts.effect.does;
    const passage = (): Passage => ({ kind: 'open', params: call.params, version, approval: null, effect });
    if (decision.kind === 'allow') return passage();
    if (decision.kind === 'deny') {
      const error = new NucleusError('POLICY_DENIED', deniedText(decision, facts), {
        profile,
        rule: decision.rule,
        pattern: decision.pattern,
        reason: decision.reason,
      });
      return shut('denied', version, error, { effect });
    }
    if (decision.kind === 'confirm') {
      const state = confirmed(decision.phrases, said);
      if (state === 'ok') return passage();
      const isMissing = state === 'required';
      const error = new NucleusError(
        isMissing ? 'CONFIRM_REQUIRED' : 'CONFIRM_MISMATCH',
        isMissing ? confirmationText(decision, facts) : mismatchText(decision, facts, said),
        { profile, rule: decision.rule, argument: confirmKey, reason: decision.reason },
      );
      // The sentence may say what the model said, which the record must not.
      const why = `rule ${decision.rule} asks for a phrase`;
      return shut(isMissing ? 'confirm-required' : 'confirm-mismatch', version, error, {
        effect,
        reason: why,
      });
    }
    return allowed(call, facts, said, { decision, version, round });
  }

  /** What needs a person's yes: one it has already, or one that is asked for. */
  async function allowed(
    call: Call,
    facts: Facts,
    said: unknown,
    asked: { decision: Decision & { kind: 'approve' }; version: string; round: number },
  ): Promise<Passage> {
    const { decision, version, round } = asked;
    const effect = facts.effect.does;
    const question = questionOf(call, facts, decision, version);
    if (isContinuing(call) && (await approvals.wait(question, { isContinued: true })).kind === 'allowed')
      return opened(call, call.params, version, 'continued', question);
    const grant = deps.grants.use(facts, version);
    if (grant !== null) return opened(call, call.params, version, grant, question);
    const startedAt = clock.now();
    const outcome = await ask(call, question);
    if ('reply' in outcome) return { kind: 'ask', reply: outcome.reply };
    const { verdict, params } = outcome;
    if (call.signal?.aborted) deps.patience.gaveUp(call.client, clock.now() - startedAt);
    if (verdict.kind === 'allowed') {
      if (verdict.ticket !== null) deps.tickets.drop(verdict.ticket);
      const locked = lockedError();
      if (locked) return shut('denied', version, locked, { effect });
      // What was allowed was allowed under the rules of then.
      const now = decide(facts);
      if (now.version === version) return opened(call, params, version, verdict.id, question);
      if (round < maxRounds) return decideOn(call, facts, said, round + 1);
    }
    if (verdict.kind === 'spent') {
      // Of calls like it one took the yes; a yes for several is found among the grants.
      const other = deps.grants.use(facts, version);
      if (other !== null) return opened(call, params, version, other, question);
    }
    if (verdict.kind === 'parked') deps.tickets.keep(verdict.ticket, call);
    return shut('denied', version, refusal(verdict, question, decision), { effect });
  }

  function opened(
    { peer }: Call,
    params: Params,
    version: string,
    approval: string,
    { key, effect: { does: effect } }: Question,
  ): Passage {
    return {
      kind: 'open',
      params,
      version,
      approval,
      effect,
      onReply(reply) {
        // A client of the modern era comes again with what it is asked: that is the same call still.
        if (peer?.era === 'modern' && readReply(reply).result?.['resultType'] === 'input_required')
          approvals.continues(key);
      },
    };
  }

  /** Waits for a person. A client of the modern era that can be asked is told by an answer, and comes again. */
  async function ask(
    call: Call,
    question: Question,
  ): Promise<{ readonly verdict: Verdict; readonly params: Params } | { readonly reply: Reply }> {
    const { peer, signal, params, method, principal } = call;
    // The command line has a person before it, who waits as long as they like.
    const parkAfter = call.via === 'cli' ? undefined : deps.patience.of(call.client);
    const isAskable = peer !== undefined && hasCapability(peer.capabilities, ['elicitation']);
    const wait = (asked: Peer | undefined, ending: AbortSignal | undefined): Promise<Verdict> =>
      approvals.wait(question, {
        signal: ending,
        ...(parkAfter !== undefined && { parkAfter }),
        ...(isAskable &&
          asked &&
          question.via.includes('client') && {
            askClient: (over: AbortSignal) => askToAllow(asked, question, over),
          }),
      });
    if (!isAskable || peer.era === 'legacy') return { verdict: await wait(peer, signal), params };
    const reply = await deps.newOld.carry({
      method,
      params,
      principal,
      profile: question.profile,
      peer,
      signal,
      async start(_params, asked, ending) {
        let verdict: Verdict;
        do verdict = await wait(asked, ending);
        while (verdict.kind === 'parked' && (await askAgain(asked, question, ending)));
        return { kind: 'made', body: { result: { [verdictMember]: verdict } } };
      },
    });
    const carried = readReply(reply).result?.[verdictMember];
    if (!isObject(carried)) return { reply };
    const { requestState: _state, inputResponses: _responses, ...rest } = params;
    return { verdict: carried as unknown as Verdict, params: rest };
  }

  function questionOf(
    call: Call,
    facts: Facts,
    { via, mayGrant, reason }: Decision & { kind: 'approve' },
    version: string,
  ): Question {
    const { profile, operation, client, principal, effect } = facts;
    const { requestState: _state, inputResponses: _responses, _meta, name: _name, ...asked } = call.params;
    const shown = call.kind === 'resource' ? { uri: facts.name } : (asked['arguments'] ?? {});
    const whole = call.kind === 'other' ? asked : shown;
    return {
      kind: 'call',
      profile,
      env: facts.env,
      tool: call.kind === 'tool' ? operation : `${call.method} ${operation}`,
      client,
      principal,
      effect,
      arguments: readable(whole, profile),
      reason,
      via: [...via],
      mayGrant,
      choices: [],
      facts,
      version,
      // All that a yes is bound to: who, which account, which tool, with what, under which rules.
      key: argumentsHash([version, principal, client, profile, call.method, facts.name, asked]),
    };
  }

  function judge(call: Call): Judged | Promise<Judged> {
    const { kind, method, route, params } = call;
    if (call.isOwnQuestion === true)
      return { effect: { does: 'reads', basis: 'manifest' }, operation: route.name };
    return deps.effects.judge({
      profile: route.binding.profile,
      kind,
      method,
      name: kind === 'other' ? method : route.name,
      arguments: argumentsOf(params),
    });
  }

  function factsOf(call: Call, { effect, operation }: Judged): Facts {
    const { principal, client, kind, method, params, route } = call;
    const { profile, connector, alias } = route.binding;
    return {
      principal,
      client,
      profile,
      connector,
      alias,
      env: deps.envOf(profile),
      kind,
      name: kind === 'other' ? method : route.name,
      operation,
      effect,
      arguments: argumentsOf(params),
    };
  }

  /** Where no rule could stop it, nothing has to be known of a call. */
  function passing({ route }: Call): string | null {
    try {
      return deps.policy.passes(deps.envOf(route.binding.profile));
    } catch {
      // Said by `decide`, which fails the same way.
      return null;
    }
  }

  /** A policy that fails has allowed nothing. */
  function decide(facts: Facts): { readonly decision: Decision; readonly version: string } {
    try {
      return deps.policy.decide(facts);
    } catch (thrown) {
      const reason = `the policy could not judge a call to ${facts.profile}: ${toNucleusError(thrown).message}`;
      return { decision: { kind: 'deny', rule: null, match: '*', pattern: '*', reason }, version: 'failed' };
    }
  }

  function lockedError(): NucleusError | null {
    try {
      deps.checkLock();
      return null;
    } catch (thrown) {
      return toNucleusError(thrown);
    }
  }

  return {
    pass,
    async foresee(call) {
      const { params } = withoutConfirm(call);
      const clean = { ...call, params };
      const facts = factsOf(clean, await judge(clean));
      return { facts, ...decide(facts) };
    },
  };
}

function shut(
  decision: Exclude<AuditDecision, 'allowed'>,
  version: string,
  error: NucleusError,
  more: { readonly effect?: Effect; readonly reason?: string } = {},
): Passage {
  return { kind: 'shut', decision, version, error, reason: error.message, ...more };
}

/** Where the outcome of a wait travels through what carries answers to a client. */
const verdictMember = 'dev.nucleus/verdict';

/** Only a request that carries a state can go on with one that was allowed. */
function isContinuing({ peer, params }: Call): boolean {
  return peer?.era === 'modern' && params['requestState'] !== undefined;
}

/** What cannot be shown whole cannot be allowed. */
function readable(value: unknown, profile: string): string {
  try {
    return JSON.stringify(value, null, 2);
  } catch (error) {
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `the arguments for ${profile} are nested too deeply to be shown to a person; flatten them`,
      { profile },
      { cause: error },
    );
  }
}

function argumentsOf(params: Params): Params {
  return isObject(params['arguments']) ? params['arguments'] : {};
}

/** The phrase goes no further than here: most tools refuse an argument they do not know. */
function withoutConfirm({ params }: Call): { readonly said: unknown; readonly params: Params } {
  const { arguments: args, _meta: meta } = params;
  if (isObject(args) && Object.hasOwn(args, confirmKey)) {
    const { [confirmKey]: said, ...rest } = args;
    return { said, params: { ...params, arguments: rest } };
  }
  if (!isObject(meta) || !Object.hasOwn(meta, confirmMeta)) return { said: undefined, params };
  const { [confirmMeta]: said, ...rest } = meta;
  return { said, params: { ...params, _meta: rest } };
}

/** What the model reads when a person did not say yes. */
function refusal(
  verdict: Verdict,
  { profile, tool }: Question,
  { rule, reason }: Decision & { kind: 'approve' },
): NucleusError {
  const call = `${tool} on ${profile}`;
  if (verdict.kind === 'parked')
    return new NucleusError(
      'APPROVAL_PENDING',
      `Waiting for a person to allow ${call}. When they have answered, call nucleus_resume with ticket ${verdict.ticket}; where that tool is not offered, make the same call again. Until then do nothing about it.`,
      { profile, rule, ticket: verdict.ticket },
    );
  const sentences: Readonly<Record<Exclude<Verdict['kind'], 'parked'>, string>> = {
    allowed: `the rules changed while ${call} waited for a person; call it again`,
    denied: `a person refused ${call}; do not try it again unless they ask for it`,
    unanswered: `nobody answered whether ${call} may run, which counts as no; tell the user that Nucleus asked`,
    withdrawn: `the question whether ${call} may run was withdrawn`,
    chosen: `the answer was none to whether ${call} may run; call it again`,
    spent: `the person's yes was for one call of ${call}, and another one like it took it; ask again only if it has to run twice`,
    nobody: `${call} needs a person's yes and there is nobody to ask: the user can open the Nucleus app, or set an approval PIN with nucleus pin set, and try again`,
    full: `${call} needs a person's yes and too many questions wait already; the user has to answer those first`,
  };
  return new NucleusError('APPROVAL_REFUSED', sentences[verdict.kind], {
    profile,
    rule,
    reason,
    verdict: verdict.kind,
  });
}
