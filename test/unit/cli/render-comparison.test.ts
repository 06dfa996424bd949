import assert from 'node:assert/strict';
import test from 'node:test';
import { renderComparison, wantsColour } from '../../../src-main/cli/render-comparison.ts';
import { compareResults } from '../../../src-main/gateway/routing/compare/compare.ts';
import { structured } from '../routing/compare/support.ts';

const render = (base: unknown, others: Readonly<Record<string, unknown>>, colour = false): string =>
  renderComparison(
    compareResults([
      { profile: 'db:prod', json: structured(base) },
      ...Object.entries(others).map(([profile, value]) => ({ profile, json: structured(value) })),
    ]),
    { colour },
  );

test('under each profile stand its tables, then what is outside of them', () => {
  const users = [
    { id: 7, email: 'a@x', plan: 'free' },
    { id: 8, email: 'c@x', plan: 'free' },
  ];
  const other = [
    { id: 9, email: 'd@x', plan: 'free' },
    { id: 7, email: 'b@x', plan: 'paid' },
  ];
  const text = render(
    { users, region: 'eu', gone: [1] },
    {
      'db:staging': { users: other, region: 'us', new: null },
      'db:copy': { users, region: 'eu', gone: [1] },
    },
  );
  assert.deepEqual(text.split('\n'), [
    'db:staging compared with db:prod: 2 removed, 2 added, 2 changed, 0 the same',
    '  users: 1 removed, 1 added, 1 changed, 0 the same (matched by id)',
    '    - {"id":8,"email":"c@x","plan":"free"}',
    '    + {"id":9,"email":"d@x","plan":"free"}',
    '    ~ id 7: email "a@x" -> "b@x", plan "free" -> "paid"',
    '  - gone [1]',
    '  + new null',
    '  ~ region "eu" -> "us"',
    'db:copy compared with db:prod: the same (4 compared)',
  ]);
});

test('columns, cells of one side alone and rows without a key are told', () => {
  const columns = render([{ id: 1, a: 1, b: 1 }], { 'db:x': [{ id: 1, a: 1, c: 1 }] });
  assert.deepEqual(columns.split('\n'), [
    'db:x compared with db:prod: 0 removed, 0 added, 0 changed, 1 the same',
    '  rows: 0 removed, 0 added, 0 changed, 1 the same (matched by id)',
    '    - column b',
    '    + column c',
  ]);
  const cells = render([{ id: 1, a: 1 }, { id: 2 }], { 'db:x': [{ id: 1 }, { id: 2, a: 1 }] });
  assert.match(cells, /~ id 1: a 1 -> \(none\)\n {4}~ id 2: a \(none\) -> 1$/);
  const whole = render([{ paid: 1 }, { paid: 1 }], { 'db:x': [{ paid: 2 }] });
  assert.match(whole, /\(whole rows matched\)\n {4}- \{"paid":1\}\n {4}- \{"paid":1\}\n {4}\+ \{"paid":2\}$/);
});

test('what is cut, was not compared or could not be is said', () => {
  const rows = (v: number): object[] => Array.from({ length: 150 }, (_, id) => ({ id, v }));
  assert.match(render(rows(0), { 'db:x': rows(1) }), /\n {2}100 of 150 differences are shown$/);
  const failed = { profile: 'db:bad', json: JSON.stringify({ isError: true, content: [] }) };
  const good = { profile: 'db:good', json: structured(1) };
  assert.match(
    renderComparison(compareResults([failed, good]), { colour: false }),
    /^db:bad was not compared: the call failed/,
  );
  assert.equal(renderComparison({ error: 'It broke.' }, { colour: false }), 'It broke.');
});

test('colour is added around the same words, and only where it is wished for', () => {
  const [plain, coloured] = [false, true].map((colour) =>
    render({ a: 1, b: 1 }, { 'db:x': { a: 2 } }, colour),
  );
  assert.doesNotMatch(plain ?? '', /\u001b/);
  assert.match(coloured ?? '', /\u001b\[31m- b 1\u001b\[39m/);
  assert.match(coloured ?? '', /\u001b\[31m1\u001b\[39m -> \u001b\[32m2\u001b\[39m/);
  assert.equal((coloured ?? '').replace(/\u001b\[\d+m/g, ''), plain);
  assert.equal(wantsColour({ isTTY: true }, {}), true);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(wantsColour({}, {}), false);
});

test('what an upstream sent cannot steer the terminal', () => {
  const evil = '\u001b[2J\u009b31m\u202e\nrow';
  for (const colour of [false, true]) {
    const text = render(
      [{ id: 1, [evil]: 1 }],
      { 'db:x': [{ id: 1, [evil]: evil }], 'db:y': { [evil]: evil } },
      colour,
    );
    assert.doesNotMatch(
      text.replace(/\u001b\[\d{1,2}m/g, ''),
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/,
    );
    assert.doesNotMatch(text, /\u001b\[2J|^row/m);
  }
});
