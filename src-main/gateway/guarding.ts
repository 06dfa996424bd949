import type { Config } from '../../src-shared/config.ts';
import {
  personContract,
  type Handlers,
  type HandlersOf,
  type PersonContract,
} from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { ApprovalWay, EnvClass } from '../../src-shared/policy.ts';
import { answerAsk } from './downstream/control.ts';
import type { Platform } from './platform.ts';
import { createApprovalHandlers } from './policy/approval-handlers.ts';
import { createApprovals } from './policy/approvals.ts';
import { createEffects, type Effects } from './policy/effect.ts';
import { createGrants, Grant } from './policy/grants.ts';
import { createPolicyHandlers } from './policy/handlers.ts';
import { createLock, type Lock } from './policy/lock.ts';
import { createPerson } from './policy/person.ts';
import { createPin } from './policy/pin.ts';
import { createPolicies } from './policy/policies.ts';
import { createTerminal } from './policy/terminal.ts';
import { createAskAccount, type AskAccount } from './routing/ask-account.ts';
import type { Call } from './routing/dispatch.ts';
import { createGate, type Gate } from './routing/gate.ts';
import { createPatience } from './routing/patience.ts';
import type { Route } from './routing/route.ts';
import { createSticky } from './routing/sticky.ts';
import { createTickets, type Tickets } from './routing/tickets.ts';
import type { Guard } from './storage/guard-store.ts';
import type { NewOld } from './wire/eras/new-old.ts';

/** What of `personContract` the guards answer themselves. */
type GuardQuestions = Pick<HandlersOf<PersonContract>, 'approvals' | 'policy' | 'lock' | 'pin'>;

/** All that stands between a call and its account, joined. */
export interface Guarding {
  readonly gate: Gate;
  readonly tickets: Tickets;
  readonly askAccount: AskAccount;
  readonly lock: Lock;
  readonly handlers: Pick<Handlers, 'policy' | 'approvals' | 'lock' | 'person'>;
  /** The part a person proved to be there for. */
  person(way: ApprovalWay): GuardQuestions;
  /** Whether some call may have to wait for a person. */
  mayAsk(): boolean;
  /** Whether every rule on a profile still holds for it under another id. */
  keepsRules(from: string, to: string): boolean;
  /** A profile is another account, or none, from now on. */
  forget(profile: string): void;
  /** A person can answer in the app until the returned function is called. */
  attend(): () => void;
  /** What a person should know, in sentences. */
  warnings(): string[];
  close(): Promise<void>;
}

export function createGuarding(deps: {
  readonly platform: Platform;
  readonly config: Config['approval'];
  readonly guard: Guard;
  /** policy.toml; null for a gateway without state. */
  readonly policyFile: string | null;
  readonly newOld: Pick<NewOld, 'carry'>;
  readonly profiles: () => readonly string[];
  readonly rulesOf: Parameters<typeof createEffects>[0]['rulesOf'];
  readonly annotationsOf: Parameters<typeof createEffects>[0]['annotationsOf'];
  readonly renew: Parameters<typeof createEffects>[0]['renew'];
  envOf(profile: string): EnvClass | null;
  /** Where a tool leads: under the name clients see, or that of a profile's upstream. */
  routeTo(name: string, profile: string | null, args: Record<string, unknown>): Route | Promise<Route>;
  /** The whole of what a person may do, for one who proved to be there in this way. */
  personHandlers(way: ApprovalWay): object;
  /** Everything is locked, or open again. */
  onLock(isLocked: boolean): void;
  onApprovals(): void;
  onPolicy(): void;
}): Guarding {
  const { platform, guard, envOf } = deps;
  const { clock, log } = platform;
  let attending = 0;

  const pin = createPin({ guard, clock, log });
  const lock: Lock = createLock({
    guard,
    clock,
    log,
    onChange() {
      if (lock.isClosed()) approvals.drop();
      deps.onLock(lock.isClosed());
    },
  });
  const tickets = createTickets({ clock });
  const patience = createPatience(deps.config.park_after);
  const effects: Effects = createEffects(deps);
  const policies = createPolicies({
    path: deps.policyFile ?? '',
    accepted: {
      read() {
        const state = guard.state();
        return state === 'unreadable' ? state : (state.policy?.text ?? null);
      },
      write: (text) => guard.change((state) => ({ ...state, policy: { text, acceptedAt: clock.now() } })),
    },
    profiles: deps.profiles,
    clock,
    log,
  });
  const grants = createGrants({
    clock,
    kept: keptGrants(),
    keep(kept) {
      guard
        .change((state) => ({ ...state, grants: [...kept] }))
        .catch((error: unknown) =>
          log.warn('what was allowed for longer does not outlive this process', {
            reason: toNucleusError(error).message,
          }),
        );
    },
    envOf,
    onChange: deps.onApprovals,
  });
  const approvals = createApprovals({
    clock,
    canAsk,
    newTicket: tickets.make,
    onGrant({ facts, version }, asked) {
      if (facts) grants.add(facts, version, asked);
    },
  });
  const approvalHandlers = createApprovalHandlers({ approvals, grants, clock });
  const gate = createGate({
    policy: policies,
    effects,
    approvals,
    grants,
    tickets,
    patience,
    newOld: deps.newOld,
    clock,
    checkLock: lock.check,
    envOf,
  });
  const policyHandlers = createPolicyHandlers({
    policies,
    async factsOf({ name, profile, arguments: args, client }) {
      const route = await deps.routeTo(name, profile, args);
      return (await gate.foresee(testCall(route, args, client))).facts;
    },
  });
  const person = createPerson({
    guard,
    pin,
    app: { attends: () => attending > 0, confirm: confirmInApp },
    terminal: createTerminal({ clock }),
    platform,
    clock,
    log,
    answer: (way, question, input, signal) =>
      answerAsk(personContract, deps.personHandlers(way), question, input, { signal }),
  });
  approvals.onChange(deps.onApprovals);
  policies.onChange(() => {
    for (const problem of policies.info().problems)
      if (problem.severity === 'error') log.warn('policy.toml cannot be used', { reason: problem.message });
    deps.onPolicy();
  });

  function canAsk(via: readonly ApprovalWay[]): boolean {
    if (via.includes('app') && attending > 0) return true;
    if (via.includes('terminal') && guard.state() !== 'unreadable' && pin.isSet()) return true;
    return via.includes('system') && platform.provePerson !== undefined;
  }

  /** What was kept by another version may look different; then it is gone, which is the safer way. */
  function keptGrants(): Grant[] {
    const state = guard.state();
    if (state === 'unreadable') return [];
    return state.grants.flatMap((kept) => Grant.safeParse(kept).data ?? []);
  }

  async function confirmInApp(question: string): Promise<boolean> {
    const verdict = await approvals.wait({
      kind: 'call',
      profile: 'nucleus',
      env: null,
      tool: 'pin set',
      client: 'nucleus',
      principal: 'local',
      effect: { does: 'writes', basis: 'protocol' },
      arguments: '{}',
      reason: question,
      via: ['app'],
      mayGrant: false,
      choices: [],
      facts: null,
      version: '',
      key: `nucleus ${question}`,
    });
    return verdict.kind === 'allowed';
  }

  return {
    gate,
    tickets,
    askAccount: createAskAccount({
      approvals,
      effects,
      patience,
      clock,
      answers: createSticky(clock),
      envOf,
    }),
    lock,
    handlers: {
      policy: policyHandlers.handlers,
      approvals: approvalHandlers.handlers,
      lock: { engage: async () => ({ lockedAt: await lock.engage() }) },
      person,
    },
    person: (way) => ({
      approvals: approvalHandlers.person(way),
      policy: policyHandlers.person,
      lock: {
        async release() {
          await lock.release();
          return {};
        },
      },
      pin: {
        async set({ pin: typed }) {
          await pin.set(typed);
          return {};
        },
        async remove() {
          await pin.remove();
          approvals.recheck();
          return {};
        },
      },
    }),
    mayAsk() {
      const classes = new Set(deps.profiles().map(envOf));
      // The rules of a class ask nothing where no profile has it.
      return policies
        .info()
        .rules.some(
          ({ then, line, envs }) => then === 'ask' && (line !== null || envs.some((env) => classes.has(env))),
        );
    },
    keepsRules: policies.keepsRules,
    forget(profile) {
      grants.revokeAll(profile);
      approvals.drop(profile);
    },
    attend() {
      attending += 1;
      let isHere = true;
      return () => {
        if (!isHere) return;
        isHere = false;
        attending -= 1;
        approvals.recheck();
      };
    },
    warnings() {
      const { state, problems, file } = policies.info();
      const [problem] = problems.filter(({ severity }) => severity === 'error');
      if (state === 'invalid')
        return [`${file} has a mistake and does not judge: ${problem?.message ?? 'it cannot be read'}`];
      if (state === 'pending')
        return [
          `${file} allows more than what a person accepted, so the stricter of both judges; accept it with nucleus policy accept, or in the app`,
        ];
      return [];
    },
    async close() {
      approvals.drop();
      await policies.close();
    },
  };
}

/** A call nobody makes, to be judged. */
function testCall(route: Route, args: Record<string, unknown>, client: string): Call {
  return {
    kind: 'tool',
    method: 'tools/call',
    route,
    params: { name: route.name, arguments: args },
    via: 'cli',
    principal: 'local',
    client,
  };
}
