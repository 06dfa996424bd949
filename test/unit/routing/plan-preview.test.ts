import assert from 'node:assert/strict';
import test from 'node:test';
import type { Plan } from '../../../src-main/gateway/routing/plan.ts';
import { previewPlan } from '../../../src-main/gateway/routing/plan-preview.ts';

test('a preview says arguments again only as far as they fit', () => {
  const steps = [{ text: 'x' }, { text: 'x'.repeat(300_000) }, { text: 'y' }].map((given, index) => ({
    index,
    name: `db_prod_${index}`,
    profile: 'db:prod',
    arguments: given,
  }));
  const plan = { steps, parallelism: 4, timeout: 1_000 } as unknown as Plan;
  const { results } = previewPlan(
    plan,
    steps.map(() => ({ tool: 'query', decision: 'allow' }) as const),
  );
  assert.deepEqual(
    results.map(({ arguments: given }) => given),
    [{ text: 'x' }, undefined, undefined],
  );
  assert.equal('arguments' in (results[1] as object), false);
});
