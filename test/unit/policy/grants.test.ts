import assert from 'node:assert/strict';
import test from 'node:test';
import type { Facts } from '../../../src-main/gateway/policy/decision.ts';
import { createGrants, type Grant } from '../../../src-main/gateway/policy/grants.ts';
import type { Effect } from '../../../src-shared/policy.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const minute = 60_000;
const forTool = { scope: 'tool', minutes: 15, calls: null, isKept: false } as const;

function facts(over: Partial<Facts> = {}, does: Effect = 'writes'): Facts {
  return {
    principal: 'local',
    client: 'claude-code',
    profile: 'db:prod',
    connector: 'db',
    alias: 'prod',
    env: 'prod',
    kind: 'tool',
    name: 'query',
    operation: 'query',
    effect: { does, basis: 'sql' },
    arguments: {},
    ...over,
  };
}

function setUp(kept: readonly Grant[] = []) {
  const clock = createFakeClock();
  const saved: (readonly Grant[])[] = [];
  const grants = createGrants({
    clock,
    kept,
    keep: (all) => saved.push(all),
    envOf: () => 'prod',
    onChange: () => {},
  });
  return { clock, grants, saved };
}

test('a grant holds for its time, and not a moment longer', async () => {
  const { clock, grants } = setUp();
  grants.add(facts(), 'p-1', forTool);
  await clock.advance(15 * minute - 1);
  assert.notEqual(grants.use(facts(), 'p-1'), null);
  await clock.advance(1);
  assert.equal(grants.use(facts(), 'p-1'), null);
  assert.deepEqual(grants.list(), []);
});

test('a grant for a number of calls is used up by them', () => {
  const { grants } = setUp();
  grants.add(facts(), 'p-1', { ...forTool, minutes: null, calls: 2 });
  assert.equal(grants.has(facts(), 'p-1'), true);
  assert.deepEqual(
    [1, 2, 3].map(() => grants.use(facts(), 'p-1') !== null),
    [true, true, false],
  );
});

test('a grant is for one caller, one account, one tool and one version of the rules', () => {
  const { grants } = setUp();
  grants.add(facts(), 'p-1', forTool);
  for (const other of [
    { principal: 'token' },
    { client: 'cursor' },
    { profile: 'db:other' },
    { operation: 'drop' },
  ])
    assert.equal(grants.use(facts(other), 'p-1'), null, JSON.stringify(other));
  assert.equal(grants.use(facts(), 'p-2'), null);
  assert.notEqual(grants.use(facts({ alias: 'x' }), 'p-1'), null);
});

test('a grant covers what its call did and less, never more', () => {
  const { grants } = setUp();
  grants.add(facts(), 'p-1', forTool);
  assert.notEqual(grants.use(facts({}, 'reads'), 'p-1'), null);
  assert.equal(grants.use(facts({}, 'destroys'), 'p-1'), null);
  const all = setUp().grants;
  all.add(facts({}, 'destroys'), 'p-1', { ...forTool, scope: 'writes' });
  assert.notEqual(all.use(facts({ operation: 'insert' }), 'p-1'), null);
  assert.equal(all.use(facts({ operation: 'drop' }, 'destroys'), 'p-1'), null);
});

test('grants are listed and taken back', () => {
  const { grants } = setUp();
  grants.add(facts(), 'p-1', forTool);
  const [one] = grants.list();
  assert.deepEqual(
    [one?.profile, one?.env, one?.tool, one?.client, one?.scope, one?.isKept],
    ['db:prod', 'prod', 'query', 'claude-code', 'tool', false],
  );
  assert.equal(grants.revoke('no such'), false);
  assert.equal(grants.revoke(one?.id ?? ''), true);
  assert.equal(grants.use(facts(), 'p-1'), null);
  grants.add(facts(), 'p-1', forTool);
  grants.add(facts({ profile: 'db:other' }), 'p-1', forTool);
  grants.revokeAll('db:prod');
  assert.deepEqual(
    grants.list().map(({ profile }) => profile),
    ['db:other'],
  );
  grants.revokeAll();
  assert.deepEqual(grants.list(), []);
});

test('only what was asked to be kept is kept for the next start', () => {
  const { grants, saved } = setUp();
  grants.add(facts(), 'p-1', forTool);
  assert.equal(saved.length, 0);
  grants.add(facts(), 'p-1', { ...forTool, isKept: true });
  assert.equal(saved.at(-1)?.length, 1);
  const next = setUp(saved.at(-1)).grants;
  assert.notEqual(next.use(facts(), 'p-1'), null);
});
