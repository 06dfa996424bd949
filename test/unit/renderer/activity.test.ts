import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeWord, verdictOf } from '../../../src-renderer/state/activity-words.ts';
import { readLine, rowOfLine } from '../../../src-renderer/state/record-line.ts';
import type { ActivityFilters, ActivityPage, ActivityRow } from '../../../src-shared/audit.ts';
import { approval, call, openWindow as open, settled, unverified, waiting } from '../../helpers/window.ts';

type Asked = { readonly filters: ActivityFilters; readonly before: string | null; readonly limit: number };

/** A log with so many calls; more can come. */
function createLog(size: number) {
  const log = { size, isBroken: false };
  const query = ({ before, limit }: Asked): ActivityPage | Error => {
    if (log.isBroken) return new Error('the log cannot be read');
    const from = before === null ? log.size : Number(before.split('-')[1]) - 1;
    const rows: ActivityRow[] = [];
    for (let seq = from; seq > 0 && rows.length < limit; seq -= 1) rows.push(call(seq));
    return { rows, next: from > rows.length ? (rows.at(-1)?.id ?? null) : null, isComplete: true };
  };
  const timeline = () => ({
    buckets: [],
    total: log.size,
    failed: 0,
    blocked: 0,
    p95: null,
    isComplete: true,
  });
  return { log, answers: { 'audit.query': query, 'audit.timeline': timeline } };
}

const seqs = (rows: readonly ActivityRow[]) => rows.map(({ seq }) => seq);

test('pages of 200 are read as far as somebody looks, each from the last row of the one before', async (t) => {
  const { answers } = createLog(100_000);
  const { app, asked } = await open(t, answers);
  const view = app.activityView;
  view.open();
  await settled();
  assert.deepEqual([view.list.rows.length, view.size], [200, 100_000]);
  asked.length = 0;
  await view.list.reach(550);
  const pages = asked.filter(([name]) => name === 'audit.query').map(([, input]) => input as Asked);
  assert.deepEqual(
    pages.map(({ before, limit }) => [before, limit]),
    [
      [call(99_801).id, 200],
      [call(99_601).id, 200],
    ],
  );
  assert.equal(view.list.rows.length, 600);
  assert.equal(view.entry(550)?.id, call(99_450).id);
});

test('newcomers stand at the top while nobody reads, and wait in the pill when somebody does', async (t) => {
  const { log, answers } = createLog(3);
  const { app, push } = await open(t, answers);
  const { list } = app.activityView;
  app.activityView.open();
  await settled();
  const come = async (): Promise<void> => {
    log.size += 2;
    await push('activity');
    t.mock.timers.tick(1_000);
    await settled();
  };
  await come();
  assert.deepEqual(seqs(list.rows), [5, 4, 3, 2, 1]);
  list.isFollowing = false;
  await come();
  await come();
  assert.deepEqual(
    [seqs(list.rows), seqs(list.fresh)],
    [
      [5, 4, 3, 2, 1],
      [9, 8, 7, 6],
    ],
  );
  await list.showFresh();
  assert.deepEqual([seqs(list.rows).slice(0, 5), list.fresh], [[9, 8, 7, 6, 5], []]);
});

test('the list asks at most four times a second however much is written', async (t) => {
  const { log, answers } = createLog(5);
  const { app, asked, push } = await open(t, answers);
  app.activityView.open();
  await settled();
  asked.length = 0;
  for (let index = 0; index < 100; index += 1) {
    log.size += index % 3 === 0 ? 1 : 0;
    await push('activity');
    t.mock.timers.tick(10);
    await settled();
  }
  const times = asked.filter(([name]) => name === 'audit.query').length;
  assert.ok(times >= 3 && times <= 5, `asked ${times} times in a second, the first at once`);
  assert.ok(asked.filter(([name]) => name === 'audit.timeline').length <= 2);
});

test('who comes back soon finds the pages they had read, and what came since', async (t) => {
  const { log, answers } = createLog(1_000);
  const { app } = await open(t, answers);
  const view = app.activityView;
  const visit = async (): Promise<void> => {
    const close = view.open();
    await settled();
    t.mock.timers.tick(1_000);
    await settled();
    close();
  };
  await visit();
  await view.list.reach(500);
  log.size += 1;
  await visit();
  assert.deepEqual([view.list.rows.length, view.list.rows[0]?.seq], [601, 1_001]);
  t.mock.timers.tick(601_000);
  await visit();
  assert.equal(view.list.rows.length, 200, 'what is old is read anew');
});

test('more newcomers than are worth gathering come with a new first page', async (t) => {
  const { log, answers } = createLog(10);
  const { app, push } = await open(t, answers);
  const { list } = app.activityView;
  app.activityView.open();
  await settled();
  list.isFollowing = false;
  log.size = 5_000;
  await push('activity');
  t.mock.timers.tick(1_000);
  await settled();
  assert.equal(list.isGapped, true);
  assert.ok(list.fresh.length <= 1_000);
  await list.showFresh();
  assert.deepEqual([list.isGapped, list.rows[0]?.seq, list.rows.length], [false, 5_000, 200]);
});

test('nothing is asked for while the view is not on screen', async (t) => {
  const { answers } = createLog(5);
  const { app, asked, push } = await open(t, answers);
  const close = app.activityView.open();
  await settled();
  close();
  asked.length = 0;
  await push('activity');
  t.mock.timers.tick(5_000);
  await settled();
  assert.deepEqual(asked, []);
});

test('what is typed is asked for after a pause, and an answer to what was typed before counts for nothing', async (t) => {
  const late: ((page: ActivityPage) => void)[] = [];
  const { app } = await open(t, {
    'audit.query': ({ filters }: Asked) =>
      filters.tool === 'slow'
        ? new Promise<ActivityPage>((resolve) => late.push(resolve))
        : { rows: [call(1, { tool: filters.tool ?? 'any' })], next: null, isComplete: true },
  });
  const view = app.activityView;
  view.open();
  await settled();
  for (const filter of ['tool:slow', 'tool:quick']) {
    view.filter = filter;
    t.mock.timers.tick(150);
    await settled();
  }
  late[0]?.({ rows: [call(2)], next: null, isComplete: true });
  await settled();
  assert.deepEqual(
    view.list.rows.map(({ tool }) => tool),
    ['quick'],
  );
});

test('old rows stay when asking fails, and the failure is said', async (t) => {
  const { log, answers } = createLog(300);
  const { app } = await open(t, answers);
  const view = app.activityView;
  view.open();
  await settled();
  log.isBroken = true;
  await view.list.reach(250);
  assert.deepEqual([view.list.rows.length, view.list.problem?.message], [200, 'the log cannot be read']);
  log.isBroken = false;
  await view.list.reach(250);
  assert.deepEqual([view.list.rows.length, view.list.problem], [300, null]);
});

test('without any call the empty page says so; with calls at another time it does not', async (t) => {
  let older = false;
  const { app } = await open(t, {
    'audit.query': ({ filters }: Asked) => ({
      rows: older && (filters?.since ?? null) === null ? [call(1)] : [],
      next: null,
      isComplete: true,
    }),
  });
  const view = app.activityView;
  view.open();
  await settled();
  assert.deepEqual([view.size, view.hasAny], [0, false]);
  older = true;
  await view.reload();
  assert.deepEqual([view.size, view.hasAny], [0, true]);
  view.choose('all');
  await settled();
  assert.equal(view.size, 1);
});

test('a brush limits the list to its time and leaves the timeline', async (t) => {
  const { answers } = createLog(5);
  const { app, asked } = await open(t, answers);
  const view = app.activityView;
  view.open();
  await settled();
  asked.length = 0;
  view.limit({ since: 60_000, until: 120_000 });
  await settled();
  const [, query] = asked.find(([name]) => name === 'audit.query') as [string, Asked];
  assert.deepEqual([query.filters.since, query.filters.until], [60_000, 119_999]);
  const [, timeline] = asked.find(([name]) => name === 'audit.timeline') as [string, Asked];
  assert.deepEqual([timeline.filters.since, timeline.filters.until], [null, null]);
});

test('a call that waits is a row, and its record takes the place of it', async (t) => {
  const { log, answers } = createLog(1);
  let queue = [approval('q1', { tool: 'drop_table' })];
  const { app, push } = await open(t, {
    ...answers,
    'approvals.list': () => waiting(...queue),
    'audit.query': (asked: Asked) => {
      const page = answers['audit.query'](asked) as ActivityPage;
      return { ...page, rows: page.rows.map((row) => (row.seq === 2 ? { ...row, approval: 'q1' } : row)) };
    },
  });
  const view = app.activityView;
  view.open();
  await settled();
  assert.deepEqual([view.size, view.entry(0)?.kind, view.entry(1)?.kind], [2, 'waiting', 'call']);
  view.select(view.entry(0));
  queue = [];
  log.size = 2;
  await push('approvals', 'activity');
  t.mock.timers.tick(300);
  await settled();
  assert.deepEqual([view.waiting.length, view.chosen?.id], [0, call(2).id]);
});

test('the filter hides calls that wait, too', async (t) => {
  const { app } = await open(t, {
    'approvals.list': waiting(approval('q1'), approval('q2', { profile: 'github:work', env: 'dev' })),
  });
  const view = app.activityView;
  for (const [filter, shown] of [
    ['', 2],
    ['class:dev', 1],
    ['sqlite', 1],
    ['outcome:failed', 0],
    ['outcome:waiting', 2],
    ['tool:other', 0],
    ['decision:allowed', 0],
  ] as const) {
    view.filter = filter;
    assert.equal(view.waiting.length, shown, filter);
  }
});

test('the record is looked through when the view opens, and by itself not again for ten minutes', async (t) => {
  const { app, asked } = await open(t, { 'audit.verify': { ...unverified, state: 'intact' } });
  const checks = () => asked.filter(([name]) => name === 'audit.verify').length;
  const visit = async (): Promise<void> => {
    app.activityView.open()();
    await settled();
  };
  await visit();
  assert.deepEqual([checks(), app.activityView.check.state.word], [1, 'Live, chain intact']);
  t.mock.timers.tick(599_000);
  await visit();
  assert.equal(checks(), 1);
  t.mock.timers.tick(1_000);
  await visit();
  assert.equal(checks(), 2);
});

test('rows show while the record is still looked through', async (t) => {
  const { answers } = createLog(2);
  const { app } = await open(t, { ...answers, 'audit.verify': () => new Promise(() => {}) });
  app.activityView.open();
  await settled();
  assert.equal(app.activityView.list.rows.length, 2);
  assert.equal(app.activityView.check.state.word, 'Live, checking the record');
});

test('a broken record names itself, and when the last good one was written', async (t) => {
  const { app } = await open(t, {
    'audit.verify': {
      ...unverified,
      state: 'broken',
      problem: { file: 'audit.log', line: 7, seq: 48_213, what: 'another hash' },
    },
    'audit.record': (asked: { seq: number }) => ({
      line: asked.seq === 48_212 ? '{"ts":"2026-11-13T10:02:00Z","tool":"a"}' : null,
      isWhole: true,
      isSealed: false,
    }),
  });
  const view = app.activityView;
  view.open();
  await settled();
  assert.equal(view.check.state.tone, 'bad');
  assert.equal(view.check.lastGood.value, Date.parse('2026-11-13T10:02:00Z'));
  await view.selectNumber(48_213);
  assert.deepEqual([view.chosen, view.notice], [null, 'There is no record 48,213 in the log.']);
  await view.selectNumber(48_212);
  assert.deepEqual([view.chosen?.kind === 'call' && view.chosen.row.seq, view.notice], [48_212, '']);
});

test('a denied call is tried again in the tester, with what is kept of its arguments', async (t) => {
  const denied = call(4, { outcome: 'blocked', decision: 'denied', tool: 'drop_table' });
  const { app } = await open(t, {
    'audit.record': { line: '{"tool":"drop_table","args_keys":["table"]}', isWhole: true, isSealed: true },
  });
  app.activityView.select({ kind: 'call', id: denied.id, row: denied });
  await settled();
  app.activityView.testAgain(denied);
  const { tester } = app.policyView;
  assert.deepEqual(
    [app.view, tester.profile, tester.tool, tester.client, tester.arguments],
    ['policy', 'sqlite:prod', 'drop_table', 'claude-code', { table: '' }],
  );
});

test('the activity of a profile is the view with the profile in its filter', async (t) => {
  const { app, asked } = await open(t, {});
  app.activityView.showProfile('sqlite:prod');
  app.activityView.open();
  await settled();
  assert.equal(app.view, 'activity');
  const [, query] = asked.find(([name]) => name === 'audit.query') as [string, Asked];
  assert.deepEqual(query.filters.profile, ['sqlite:prod']);
});

test('failures are said by profile, and fine calls are not', async (t) => {
  const bad = (seq: number) => call(seq, { outcome: 'transport-error' });
  let rows = [call(1)];
  const { app, push } = await open(t, {
    'audit.query': () => ({ rows, next: null, isComplete: true }),
  });
  app.activityView.open();
  await settled();
  rows = [bad(5), bad(4), bad(3), call(2), call(1)];
  await push('activity');
  t.mock.timers.tick(300);
  await settled();
  assert.equal(app.said, '3 calls failed on sqlite:prod.');
});

test('each end of a call has a word, a glyph, and what it means for the data', () => {
  const words = (change: Partial<ActivityRow>) => {
    const row = call(1, change);
    return [outcomeWord(row).word, verdictOf(row)?.title ?? null, verdictOf(row)?.means ?? null];
  };
  assert.deepEqual(words({}), ['3 ms', null, null]);
  assert.deepEqual(words({ approval: 'q1' }), ['You allowed', null, null]);
  assert.deepEqual(words({ outcome: 'blocked', decision: 'denied' }), [
    'Denied',
    'Refused before it was sent',
    'Nothing reached the server.',
  ]);
  assert.deepEqual(words({ outcome: 'transport-error' }), [
    'Failed',
    'No answer came from the server',
    'It only reads, so nothing was written.',
  ]);
  assert.match(String(words({ outcome: 'unknown', effect: null })[2]), /may have written/);
  assert.equal(words({ outcome: 'eaten' })[1], 'It ended as "eaten"');
});

test('a line is shown as it stands also where it is damaged', () => {
  assert.equal(readLine('{"tool":').text, '{"tool":');
  assert.equal(
    rowOfLine('{"tool":', () => null),
    null,
  );
  const line =
    '{"ts":"x","tool":"query","connector":"sqlite","alias":"prod","args":{"a":1},"args_keys":["a"]}';
  assert.deepEqual(readLine(line).args, { a: 1 });
  assert.equal(rowOfLine(line, (id) => (id === 'sqlite:prod' ? 'prod' : null))?.env, 'prod');
});
