import assert from 'node:assert/strict';
import test from 'node:test';
import { runs, type Pairing } from './pairing.ts';
import { scoredScenarios, type Check, type ScenarioResult } from './suite.ts';
import { judge } from './verdict.ts';

const bridged: Pairing = {
  role: 'server',
  set: '2026-07-28',
  upstream: { transport: 'stdio', era: 'legacy' },
  isDirect: false,
};
const scenario = 'input-required-result-basic-elicitation';
const id = 'sep-2322-elicitation-incomplete';
const excused = 'inputRequests missing expected key "user_name"';

test('the suite demands what it demanded when it was pinned', () => {
  assert.equal(scoredScenarios('server', '2025-11-25').length, 30);
  assert.equal(scoredScenarios('server', '2026-07-28').length, 37);
  assert.equal(scoredScenarios('client', '2025-11-25').length, 18);
  assert.equal(scoredScenarios('client', '2026-07-28').length, 32);
  assert.equal(runs(false).length, 10);
});

test('what cannot exist in a pairing is excused there, and nowhere else', () => {
  const found = result(failure(id, excused));
  assert.equal(judge(bridged, [found]).impossible.length, 1);
  assert.equal(judge(bridged, [found]).failed.length, 0);
  const same: Pairing = { ...bridged, upstream: { transport: 'stdio', era: 'modern' } };
  for (const other of [same, { ...bridged, isDirect: true }])
    assert.equal(judge(other, [found]).failed.length, 1);
});

test('another check, or the same check for another reason, still fails', () => {
  const other = [
    result(failure(id, excused), failure('wire-schema-valid', 'odd')),
    result(failure(id, 'odd')),
  ];
  for (const found of other) assert.equal(judge(bridged, [found]).failed.length, 1);
});

test('an excuse that is not needed fails the run', () => {
  const { failed, passed } = judge(bridged, [result({ id, status: 'SUCCESS', description: '' })]);
  assert.equal(passed, 0);
  assert.match(failed[0]?.checks[0]?.errorMessage ?? '', /taken out/);
});

function result(...checks: Check[]): ScenarioResult {
  return { scenario, isScored: true, checks };
}

function failure(check: string, errorMessage: string): Check {
  return { id: check, status: 'FAILURE', description: '', errorMessage };
}
