import type { Account } from './account.ts';
import type { Resolved } from './accounts.ts';
import { asksForChange, type Effect } from './effect.ts';

/** A proposal to call one tool on several accounts. */
export interface FanOut {
  readonly connector: string;
  readonly tool: string;
  readonly accounts: readonly Account[];
  readonly rationale: string;
  readonly effect: Effect;
  /** What to make sure of before it is run; null when the tool only reads. */
  readonly caution: string | null;
}

/**
 * Proposes the accounts that were meant, when they are several and the tool does not destroy. A tool that nothing is
 * known of is proposed only where the intent itself spoke of several accounts, and with a caution.
 */
export function proposeFanOut(
  connector: string,
  tool: string,
  effect: Effect,
  resolved: Resolved,
  words: readonly string[],
): FanOut | null {
  if (resolved.meant < 2 || effect === 'destroys' || effect === 'writes') return null;
  if (effect === 'varies' && asksForChange(words)) return null;
  if (effect === 'unknown' && !resolved.isExplicit) return null;
  const accounts = resolved.accounts.slice(0, resolved.meant);
  const names = accounts.map(({ alias }) => alias).join(', ');
  return {
    connector,
    tool,
    accounts,
    rationale: rationaleOf(connector, names, resolved),
    effect,
    caution: cautions[effect],
  };
}

const cautions: Readonly<Record<Effect, string | null>> = {
  reads: null,
  varies:
    'what this tool does depends on its argument: make sure that it only reads before it runs on several accounts',
  unknown:
    'this tool does not say whether it changes anything: ask the user before it runs on several accounts',
  writes: null,
  destroys: null,
};

function rationaleOf(connector: string, names: string, { reason, isExplicit }: Resolved): string {
  if (!isExplicit) return `the intent compares without naming accounts; ${connector} has ${names}`;
  if (reason === 'all') return `the intent asks for all accounts of ${connector}: ${names}`;
  return `the intent names several accounts of ${connector}: ${names}`;
}
