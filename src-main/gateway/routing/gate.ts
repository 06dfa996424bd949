import type { AuditDecision } from '../../../src-shared/audit.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Effect, EnvClass } from '../../../src-shared/policy.ts';
import type { Clock } from '../platform.ts';
import type { Approvals, Question } from '../policy/approvals.ts';
import type { Decision, Facts } from '../policy/decision.ts';
import type { Effects } from '../policy/effect.ts';
import type { Grants } from '../policy/grants.ts';
import type { Policies } from '../policy/policies.ts';
import { confirmationText, confirmed, confirmKey, deniedText, mismatchText } from '../policy/sentences.ts';
import type { NewOld } from '../wire/eras/new-old.ts';
import type { Params } from '../wire/frame.ts';
import { readReply, type Reply } from '../wire/reply.ts';
import { askPerson } from './ask-person.ts';
import { readFacts, withoutConfirm } from './call-facts.ts';
import { questionOf, refusal } from './call-question.ts';
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
    const facts = readFacts(clean, deps);
    // A call nobody has to wait for costs no turn of the event loop.
    return facts instanceof Promise
      ? facts.then((known) => decideOn(clean, known, said, 0))
      : decideOn(clean, facts, said, 0);
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
    const outcome = await askPerson(call, question, deps);
    if ('reply' in outcome) return { kind: 'ask', reply: outcome.reply };
    const { verdict, params } = outcome;
    if (call.signal?.aborted) deps.patience.gaveUp(call.client, clock.now() - startedAt);
    if (verdict.kind === 'allowed') {
      if (verdict.ticket !== null) deps.tickets.drop(verdict.ticket);
      const locked = lockedError();
      if (locked) return shut('denied', version, locked, { effect });
      // What was allowed was allowed under the rules of then, and for the class the profile had.
      const env = deps.envOf(facts.profile);
      if (env === facts.env && decide(facts).version === version)
        return opened(call, params, version, verdict.id, question);
      if (round < maxRounds) return decideOn(call, { ...facts, env }, said, round + 1);
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
      const facts = await readFacts(clean, deps, true);
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

/** Only a request that carries a state can go on with one that was allowed. */
function isContinuing({ peer, params }: Call): boolean {
  return peer?.era === 'modern' && params['requestState'] !== undefined;
}
