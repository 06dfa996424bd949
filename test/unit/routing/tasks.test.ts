import assert from 'node:assert/strict';
import test from 'node:test';
import { createTasks, type TasksOfOne } from '../../../src-main/gateway/routing/tasks.ts';
import type { Binding } from '../../../src-main/gateway/routing/route.ts';
import type { View } from '../../../src-main/gateway/routing/view.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const bindingOf = (alias: string): Binding => ({
  profile: `db:${alias}`,
  connector: 'db',
  alias,
  metadata: {},
});
const [prod, staging] = [bindingOf('prod'), bindingOf('staging')];
const viewOf = (...bindings: Binding[]): View => ({ bindings }) as unknown as View;
const all = viewOf(prod, staging);

function setUp() {
  const clock = createFakeClock();
  const tasks = createTasks({ clock });
  return { clock, tasks, mine: tasks.of('me', 'legacy') };
}

test('an id leads back to its account and task, for its principal, its era and its views only', () => {
  const { tasks, mine } = setUp();
  const id = mine.expose('job-1', prod);
  assert.match(id, /^[\w-]{24}$/);
  assert.equal(mine.expose('job-1', prod), id);
  assert.notEqual(mine.expose('job-1', staging), id);
  assert.deepEqual(mine.find(id, all), { own: 'job-1', route: { binding: prod, name: 'job-1' } });
  const nowhere: [TasksOfOne, View][] = [
    [tasks.of('you', 'legacy'), all],
    [tasks.of('me', 'modern'), all],
    [mine, viewOf(staging)],
  ];
  for (const [one, view] of nowhere) assert.equal(one.find(id, view), null);
  assert.equal(mine.find('job-1', all), null);
  assert.deepEqual(tasks.of('me', 'legacy').find(id, all)?.own, 'job-1');
});

test('a task ends with its time, and a week later at the latest', async () => {
  const { clock, mine } = setUp();
  const short = mine.expose('short', prod);
  const long = mine.expose('long', prod);
  mine.learn('short', prod, { taskId: 'short', status: 'working', ttl: 1_000 });
  mine.learn('long', prod, { taskId: 'long', status: 'working', ttl: null });
  await clock.advance(30_000);
  assert.ok(mine.find(short, all));
  await clock.advance(60_000);
  assert.equal(mine.find(short, all), null);
  assert.deepEqual(
    mine.list(all).map(({ own }) => own),
    ['long'],
  );
  await clock.advance(7 * 24 * 3_600_000);
  assert.equal(mine.find(long, all), null);
  assert.notEqual(mine.expose('long', prod), long);
});

test('one principal has at most a thousand, the oldest give way, and others keep theirs', () => {
  const { tasks, mine } = setUp();
  const other = tasks.of('you', 'legacy').expose('job', prod);
  const ids = Array.from({ length: 1_001 }, (_, n) => mine.expose(`job-${n}`, prod));
  assert.equal(mine.find(ids[0] ?? '', all), null);
  assert.ok(mine.find(ids[1] ?? '', all) && mine.find(ids[1_000] ?? '', all));
  assert.ok(tasks.of('you', 'legacy').find(other, all));
});

test('what an upstream tells of a task reaches who started it, under its id', () => {
  const { tasks, mine } = setUp();
  const id = mine.expose('job', prod);
  const told = { taskId: 'job', status: 'completed', ttl: 5, odd: 1 };
  assert.deepEqual(mine.heard('db:prod', told), { ...told, taskId: id });
  assert.equal(mine.list(all)[0]?.state['status'], 'completed');
  assert.equal(mine.heard('db:staging', told), null);
  assert.equal(tasks.of('you', 'legacy').heard('db:prod', told), null);
  assert.equal(mine.heard('db:prod', undefined), null);
});

test('messages tied to a task are tied to ours, and back', () => {
  const { mine } = setUp();
  const key = 'io.modelcontextprotocol/related-task';
  const own = { a: 1, _meta: { b: 2, [key]: { taskId: 'job', c: 3 } } };
  const shown = mine.exposeRelated(own, prod);
  const id = mine.expose('job', prod);
  assert.deepEqual(shown, { a: 1, _meta: { b: 2, [key]: { taskId: id, c: 3 } } });
  assert.deepEqual(mine.ownRelated(shown, all), own);
  const foreign = { _meta: { [key]: { taskId: 'unknown' } } };
  assert.deepEqual(mine.ownRelated(foreign, all), foreign);
  for (const plain of [undefined, {}, { _meta: {} }, { _meta: 7 }])
    assert.equal(mine.exposeRelated(plain, prod), plain);
});

test('an account that has tasks without end takes none of those of another', () => {
  const { mine } = setUp();
  const id = mine.expose('job-1', prod);
  const first = mine.expose('made-up', staging);
  for (let count = 0; count < 2_000; count += 1) mine.expose(`made-up-${count}`, staging);
  assert.ok(mine.find(id, all));
  assert.equal(mine.find(first, all), null);
});

test('of a task little is kept, whatever its server writes', () => {
  const { mine } = setUp();
  const long = 'x'.repeat(100_000);
  const described = {
    status: 'working',
    createdAt: [long],
    lastUpdatedAt: long,
    ttl: [long],
    pollInterval: {},
  };
  mine.learn('job-1', prod, { taskId: 'job-1', ...described });
  const id = mine.expose(long, prod);
  assert.match(id, /^[\w-]{24}$/);
  assert.equal(mine.find(id, all), null);
  assert.ok(JSON.stringify(mine.list(all)).length < 2_000);
});
