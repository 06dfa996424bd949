import assert from 'node:assert/strict';
import test from 'node:test';
import { createRanker } from '../../../../src-main/gateway/routing/ranking/ranker.ts';
import { fill, judge, readGolden, type Outcome } from '../../../bench/search/golden.ts';
import { verifies } from '../../../helpers/requirements.ts';

const golden = readGolden();
const ranker = fill(createRanker(), golden);

function share(outcomes: readonly Outcome[], is: (outcome: Outcome) => boolean): number {
  return outcomes.filter(is).length / outcomes.length;
}

/** What went wrong, for who looks at a red test. */
function listed(outcomes: readonly Outcome[]): string {
  return outcomes.map(({ labelled, place }) => `${labelled.intent} (${place})`).join('\n');
}

test('of more than a hundred labelled intents nearly all find their tool near the top', () => {
  verifies('NUC-064');
  const outcomes = golden.intents.map((labelled) => judge(ranker, labelled));
  assert.ok(outcomes.length >= 100);
  const low = listed(outcomes.filter(({ place }) => place !== 1));
  assert.ok(share(outcomes, ({ place }) => place === 1) >= 0.8, low);
  assert.ok(share(outcomes, ({ place }) => place > 0 && place <= 3) >= 0.9, low);
  assert.ok(share(outcomes, ({ place }) => place > 0 && place <= 5) >= 0.93, low);
});

test('nearly all labelled intents lead to the right accounts and fan-outs', () => {
  const outcomes = golden.intents.map((labelled) => judge(ranker, labelled));
  const decided = outcomes.filter(({ isRightAccount }) => isRightAccount !== null);
  assert.ok(decided.length >= 30);
  const wrong = decided.filter(({ isRightAccount }) => isRightAccount === false);
  assert.ok(wrong.length <= 2, listed(wrong));
  const wrongFanOut = outcomes.filter(({ isRightFanOut }) => !isRightFanOut);
  assert.ok(wrongFanOut.length <= 2, listed(wrongFanOut));
});

test('the example of the README finds execute_sql and proposes it on both accounts', () => {
  verifies('NUC-065');
  const supabase = {
    ...golden,
    offers: golden.offers.filter(({ account }) => account.connector === 'supabase'),
  };
  assert.deepEqual(
    supabase.offers.map(({ account, tools }) => [account.alias, tools.length]),
    [
      ['atlas', 31],
      ['default', 31],
    ],
  );
  for (const offers of [supabase, golden]) {
    const { hits, fanOut } = fill(createRanker(), offers).find({
      intent: 'compare row count on users between atlas and default',
      limit: 8,
    });
    assert.equal(hits[0]?.tool, 'execute_sql');
    assert.equal(fanOut?.tool, 'execute_sql');
    assert.deepEqual(
      fanOut.accounts.map(({ alias }) => alias),
      ['atlas', 'default'],
    );
  }
});
