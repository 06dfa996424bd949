import type { Clock } from '../../src-main/gateway/platform.ts';
import { createApprovals, type Approvals } from '../../src-main/gateway/policy/approvals.ts';
import type { Decision, Policy } from '../../src-main/gateway/policy/decision.ts';
import type { Judged } from '../../src-main/gateway/policy/effect.ts';
import { createGrants, type Grants } from '../../src-main/gateway/policy/grants.ts';
import { createGate, type Gate } from '../../src-main/gateway/routing/gate.ts';
import { createPatience } from '../../src-main/gateway/routing/patience.ts';
import { createTickets, type Tickets } from '../../src-main/gateway/routing/tickets.ts';
import type { ApprovalWay, EnvClass } from '../../src-shared/policy.ts';

/** Lets everything pass that it does not know better of. */
export const allowAll: Policy = { decide: () => ({ kind: 'allow', rule: null }) };

/** A person has to say yes to these tools. */
export function askFor(...tools: readonly string[]): Policy {
  const ask: Decision = {
    kind: 'approve',
    rule: 1,
    via: ['app', 'terminal', 'client'],
    mayGrant: true,
    reason: 'rule 1 asks for a person',
  };
  return { decide: ({ name }) => (tools.includes(name) ? ask : { kind: 'allow', rule: null }) };
}

/** The real gate over a policy a test makes up; who can be asked is in `ways`. */
export function createTestGate(options: {
  readonly clock: Clock;
  readonly policy?: Policy;
  readonly newOld?: Parameters<typeof createGate>[0]['newOld'];
  readonly judge?: (name: string) => Judged['effect'];
}): {
  gate: Gate;
  approvals: Approvals;
  grants: Grants;
  tickets: Tickets;
  ways: Set<ApprovalWay>;
  lock: { error: Error | null };
  version: { id: string; env: EnvClass | null };
} {
  const { clock, policy = allowAll } = options;
  const ways = new Set<ApprovalWay>();
  const lock: { error: Error | null } = { error: null };
  const version: { id: string; env: EnvClass | null } = { id: 'p-1', env: 'prod' };
  const tickets = createTickets({ clock });
  const grants = createGrants({ clock, kept: [], keep: () => {}, envOf: () => 'prod', onChange: () => {} });
  const approvals = createApprovals({
    clock,
    canAsk: (via) => via.some((way) => ways.has(way)),
    onGrant: (question, asked) => {
      if (question.facts) grants.add(question.facts, question.version, asked);
    },
    newTicket: tickets.make,
  });
  const gate = createGate({
    policy: {
      passes: () => null,
      decide: (facts) => ({ decision: policy.decide(facts), version: version.id }),
    },
    effects: {
      judge: ({ name }) => ({
        effect: options.judge?.(name) ?? { does: 'writes', basis: 'unknown' },
        operation: name,
      }),
    },
    approvals,
    grants,
    tickets,
    patience: createPatience(),
    newOld: options.newOld ?? { carry: () => Promise.reject(new Error('nothing is carried in this test')) },
    clock,
    checkLock() {
      if (lock.error) throw lock.error;
    },
    envOf: () => version.env,
  });
  return { gate, approvals, grants, tickets, ways, lock, version };
}
