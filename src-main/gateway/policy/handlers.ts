import type { Handlers, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { PolicyTest } from '../../../src-shared/policy.ts';
import type { Decision, Facts } from './decision.ts';
import type { Policies } from './policies.ts';
import { confirmationText, confirmed, confirmKey, deniedText, mismatchText } from './sentences.ts';

/** A call that is only asked about. */
export type TestedCall = Parameters<Handlers['policy']['test']>[0];

/** Answers the questions about policy.toml. None of them calls anything. */
export function createPolicyHandlers(deps: {
  readonly policies: Policies;
  /** What would be judged if this was called. */
  readonly factsOf: (call: TestedCall) => Facts | Promise<Facts>;
}): {
  readonly handlers: Handlers['policy'];
  readonly person: HandlersOf<PersonContract>['policy'];
} {
  const { policies, factsOf } = deps;
  return {
    handlers: {
      get: () => policies.info(),
      check: ({ text }) => policies.check(text),
      async test(call): Promise<PolicyTest> {
        const facts = await factsOf(call);
        const { decision, trace, version } = policies.explain(facts);
        return {
          ...outcomeOf(decision, facts, call.arguments[confirmKey]),
          profile: facts.profile,
          env: facts.env,
          tool: facts.operation,
          effect: facts.effect,
          rule: decision.rule,
          trace,
          version,
        };
      },
    },
    person: {
      accept: ({ version }) => policies.accept(version),
      save: ({ text, base }) => policies.save(text, base),
    },
  };
}

/** What the client would read; a call that says its phrases passes. */
function outcomeOf(decision: Decision, facts: Facts, said: unknown): Pick<PolicyTest, 'decision' | 'reason'> {
  switch (decision.kind) {
    case 'deny':
      return { decision: 'deny', reason: deniedText(decision, facts) };
    case 'approve':
      return { decision: 'approve', reason: `A person is asked: ${decision.reason}` };
    case 'confirm': {
      const outcome = confirmed(decision.phrases, said);
      if (outcome === 'ok') return { decision: 'allow', reason: 'Its phrase is said.' };
      const text =
        outcome === 'required' ? confirmationText(decision, facts) : mismatchText(decision, facts, said);
      return { decision: 'confirm', reason: text };
    }
    case 'allow':
      break;
  }
  const { rule } = decision;
  const exempted = `Rule ${rule} exempts it from the rules of its class.`;
  return { decision: 'allow', reason: rule === null ? 'No rule is against it.' : exempted };
}
