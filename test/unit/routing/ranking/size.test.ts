import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { verifies } from '../../../helpers/requirements.ts';

/** Runs in a process of its own, so that nothing else is measured. */
const program = `
  const { createRanker } = await import(process.argv[1]);
  const words = Array.from({ length: 4000 }, (_, index) => 'w' + ((index * 7919) % 104729).toString(36) + 'x');
  let at = 1;
  const say = (count) => Array.from({ length: count }, () => words[(at = (at * 48271) % 2147483647) % 4000]).join(' ');
  const tools = Array.from({ length: 1000 }, (_, index) => ({
    name: 'tool_' + index + '_' + say(2).replace(' ', '_'),
    description: say(40),
    inputSchema: { type: 'object', properties: Object.fromEntries([1, 2, 3, 4].map((part) => [say(1), { description: say(8) }])) },
  }));
  const offers = Array.from({ length: 10 }, (_, index) => [
    { profile: 'shop:p' + index, connector: 'shop', alias: 'p' + index, metadata: {} },
    // Each account has its own copy, as the catalog has; what it holds is not the index.
    structuredClone(tools),
  ]);
  createRanker().find({ intent: say(4), limit: 8 });
  gc();
  const before = process.memoryUsage().rss;
  const ranker = createRanker();
  for (const [account, own] of offers) ranker.set(account, own);
  const { hits } = ranker.find({ intent: say(12), limit: 8 });
  if (hits[0].accounts.length !== 10) throw new Error('not all accounts');
  gc();
  console.log((process.memoryUsage().rss - before) / 1024 / 1024);
  if (ranker.find({ intent: say(1), limit: 1 }).total === 0) throw new Error('nothing found');
`;

test('the index of a thousand tools on ten profiles takes less than 50 MB', () => {
  verifies('FIX-020');
  const ranker = new URL('../../../../src-main/gateway/routing/ranking/ranker.ts', import.meta.url).href;
  const output = execFileSync(
    process.execPath,
    [...process.execArgv, '--expose-gc', '--input-type=module', '--eval', program, ranker],
    { encoding: 'utf8', timeout: 60_000 },
  );
  const grown = Number(output);
  assert.ok(Number.isFinite(grown) && grown < 50, `${grown} MB`);
});
