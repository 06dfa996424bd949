import type { Account } from '../../../src-main/gateway/routing/ranking/account.ts';
import { createRanker } from '../../../src-main/gateway/routing/ranking/ranker.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';

export interface IndexCost {
  readonly tools: number;
  /** Milliseconds to index all of them. */
  readonly build: number;
  /** Milliseconds until an intent is answered after one more profile came, and after it went again. */
  readonly added: number;
  readonly removed: number;
}

export interface Offer {
  readonly account: Account;
  readonly tools: readonly Params[];
}

const rounds = 9;

/** What it costs to index many tools, and one profile more or less; of several tries the one in the middle. */
export function measureIndex(offers: readonly Offer[], extra: Offer): IndexCost {
  const builds: number[] = [];
  const added: number[] = [];
  const removed: number[] = [];
  const time = (act: () => void, into: number[]): void => {
    const started = performance.now();
    act();
    into.push(performance.now() - started);
  };
  for (let round = 0; round < rounds; round += 1) {
    const ranker = createRanker();
    const ask = (): unknown => ranker.find({ intent: `list the files of folder ${round}`, limit: 8 });
    time(() => {
      for (const { account, tools } of offers) ranker.set(account, tools);
      ask();
    }, builds);
    time(() => {
      ranker.set(extra.account, extra.tools);
      ask();
    }, added);
    time(() => {
      ranker.remove(extra.account.profile);
      ask();
    }, removed);
  }
  return {
    tools: offers.reduce((sum, { tools }) => sum + tools.length, 0),
    build: middle(builds),
    added: middle(added),
    removed: middle(removed),
  };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
