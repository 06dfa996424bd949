import type { EnvClass } from '../../../src-shared/policy.ts';
import type { Clock } from '../platform.ts';
import type { Approvals } from '../policy/approvals.ts';
import type { Effects } from '../policy/effect.ts';
import { isObject } from '../wire/frame.ts';
import { hasCapability } from '../wire/peer.ts';
import { askForAccount } from './ask-client.ts';
import type { Call } from './dispatch.ts';
import type { MergedTool } from './merged.ts';
import type { Patience } from './patience.ts';
import type { Binding } from './route.ts';
import type { Sticky } from './sticky.ts';

/** Finds out which account a call is for that names none; null where nobody says. */
export type AskAccount = (
  call: Call,
  tool: Pick<MergedTool, 'connector' | 'name' | 'bindings' | 'first'>,
) => Promise<Binding | null>;

/**
 * What writes may hit the wrong account, so a person is asked, once in a conversation; what only reads is for the model
 * to name. The answer is no yes: whether the call may run is decided for its account as ever.
 */
export function createAskAccount(deps: {
  readonly approvals: Pick<Approvals, 'wait'>;
  readonly effects: Effects;
  readonly patience: Patience;
  readonly clock: Clock;
  /** What was answered, by conversation. */
  readonly answers: Sticky;
  envOf(profile: string): EnvClass | null;
}): AskAccount {
  const { clock, answers } = deps;
  return async (call, { connector, name, bindings, first }) => {
    const { peer, client, principal, params } = call;
    const accounts = [...bindings.values()];
    const known = answers.of(peer?.client).get(connector);
    const before = accounts.find(({ profile }) => profile === known);
    if (before) return before;
    const args = isObject(params['arguments']) ? params['arguments'] : {};
    const { kind, method } = call;
    const { effect } = await deps.effects.judge({
      profile: first.profile,
      kind,
      method,
      name,
      arguments: args,
    });
    if (effect.does === 'reads') return null;
    const choices = accounts.map(({ profile }) => ({ profile, env: deps.envOf(profile) }));
    const question = {
      kind: 'account',
      profile: connector,
      env: null,
      tool: name,
      client,
      principal,
      effect,
      arguments: JSON.stringify(args, null, 2),
      reason: `The call names none of the accounts of ${connector}.`,
      via: ['app', 'terminal', 'system', 'client'],
      mayGrant: false,
      choices,
      facts: null,
      version: '',
      key: JSON.stringify(['account', principal, client, connector]),
    } as const;
    const patience = new AbortController();
    const forget = clock.after(deps.patience.of(client), () => patience.abort());
    const signal = call.signal ? AbortSignal.any([call.signal, patience.signal]) : patience.signal;
    const isAskable = peer?.era === 'legacy' && hasCapability(peer.capabilities, ['elicitation']);
    const verdict = await deps.approvals
      .wait(
        { ...question, via: [...question.via] },
        { signal, ...(isAskable && { askClient: (over) => askForAccount(peer, question, over) }) },
      )
      .finally(forget);
    if (verdict.kind !== 'chosen') return null;
    if (peer) answers.used(peer.client, connector, verdict.choice);
    return accounts.find(({ profile }) => profile === verdict.choice) ?? null;
  };
}
