import assert from 'node:assert/strict';
import test from 'node:test';
import { planReply } from '../../../src-main/gateway/routing/plan-answer.ts';
import type { PlanOutcome, StepOutcome } from '../../../src-main/gateway/routing/plan-run.ts';
import { encodeReply } from '../../../src-main/gateway/wire/reply.ts';
import { longestTurn } from '../../helpers/longest-turn.ts';

const mebibyte = 1024 * 1024;

function outcomeOf(...results: readonly (string | null)[]): PlanOutcome {
  const steps = results.map((result, index): StepOutcome => ({
    index,
    name: `tool_${index}`,
    profile: 'db:prod',
    ...(result === null ? { error: 'it "failed"\n' } : { result: Buffer.from(result) }),
    duration_ms: 7,
  }));
  return { steps: steps.length, successes: 0, failures: 0, parallelism: 4, results: steps };
}

/** The line a client gets. */
async function lineOf(outcome: PlanOutcome, maxBytes = mebibyte): Promise<string> {
  const pieces = encodeReply(await planReply(outcome, maxBytes), 'an "id"');
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString();
}

interface Line {
  readonly id: string;
  readonly result: {
    readonly content: readonly [{ readonly text: string }];
    readonly structuredContent?: object;
  };
}

test('results are written as they came, as text and as data', async () => {
  const result = '{ "n":12345678901234567890, "s":"\\u00fc \\" \\n ü 😀" }';
  const line = await lineOf({ ...outcomeOf(result, null), comparison: { error: 'No.' } });
  const json = `{"steps":2,"successes":0,"failures":0,"parallelism":4,"results":[{"index":0,"name":"tool_0","profile":"db:prod","duration_ms":7,"result":${result}},{"index":1,"name":"tool_1","profile":"db:prod","error":"it \\"failed\\"\\n","duration_ms":7}],"comparison":{"error":"No."}}`;
  assert.equal(
    line,
    `{"jsonrpc":"2.0","id":"an \\"id\\"","result":{"content":[{"type":"text","text":${JSON.stringify(json)}}],"structuredContent":${json}}}`,
  );
});

test('what does not fit is left out: first the data, then the largest results', async () => {
  const [small, large] = [1_000, 300_000].map((length) => JSON.stringify({ text: 'x'.repeat(length) })) as [
    string,
    string,
  ];
  const read = async (...results: string[]) => {
    const line = await lineOf(outcomeOf(...results));
    assert.ok(line.length < mebibyte);
    const { result } = JSON.parse(line) as Line;
    const plan = JSON.parse(result.content[0].text) as { results: { result?: object; left_out?: string }[] };
    const left = plan.results.map((step) => (step.result ? null : step.left_out));
    return [left, result.structuredContent === undefined];
  };
  const sentence = (name: string): string =>
    `its result has 0.3 MiB and was left out, because this client takes 1.0 MiB in one message; ask for less, or call ${name} by itself`;
  assert.deepEqual(await read(large), [[null], false]);
  assert.deepEqual(await read(large, small, large), [[null, null, null], true]);
  assert.deepEqual(await read(large, large, small, large, large), [
    [sentence('tool_0'), null, null, null, null],
    true,
  ]);
});

test('an answer of many large results never holds up the event loop for long', async () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, email: `u${id}@example.com`, plan: 'free' }));
  const result = JSON.stringify({ content: [], structuredContent: { rows } });
  const held: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const { milliseconds } = await longestTurn(() => planReply(outcomeOf(result, result), 10 * mebibyte));
    held.push(milliseconds);
  }
  assert.ok(Math.min(...held) <= 20, JSON.stringify(held));
});

test('a result that cannot fit is not written for it: many of them would fill the memory', async () => {
  const large = Buffer.from(JSON.stringify({ text: 'x'.repeat(8 * mebibyte) }));
  const outcome = outcomeOf(...Array.from({ length: 32 }, () => null), '{"a":1}');
  const results = outcome.results.map((step, at) => (at < 32 ? { ...step, result: large } : step));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)));
  const line = await lineOf({ ...outcome, results }).finally(() => clearInterval(timer));
  assert.equal(line.split('and was left out').length - 1, 32);
  assert.ok(line.includes('{\\"a\\":1}'));
  assert.ok(most < 64 * mebibyte, `${most} bytes`);
});
