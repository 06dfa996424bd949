import assert from 'node:assert/strict';
import test from 'node:test';
import { compareResults } from '../../../../src-main/gateway/routing/compare/compare.ts';
import { compareTwo, difference, said, structured } from './support.ts';

test('rows are matched by their id: what is only here, only there and changed', () => {
  const base = structured({
    users: [
      { id: 7, email: 'a@x', active: true },
      { id: 8, email: 'c@x', active: true },
      { id: 9, email: 'd@x', active: true },
    ],
    total: 3,
  });
  const other = structured({
    users: [
      { id: 10, email: 'e@x', active: true },
      { id: 9, email: 'd@x', active: true },
      { id: 7, email: 'b@x', active: true },
    ],
    total: 3,
  });
  assert.deepEqual(compareTwo(base, other), {
    base: 'db:prod',
    profiles: [
      {
        profile: 'db:staging',
        same: false,
        read_from: { base: 'structuredContent', profile: 'structuredContent' },
        counts: { added: 1, removed: 1, changed: 1, unchanged: 2 },
        tables: [
          {
            path: 'users',
            rows: { base: 3, profile: 3 },
            matched_by: {
              columns: ['id'],
              why: 'id is unique in both, and 2 rows have the same in both',
            },
            reordered: true,
            added: 1,
            removed: 1,
            changed: 1,
            unchanged: 1,
          },
        ],
        added: [{ path: 'users', key: { id: 10 }, value: { id: 10, email: 'e@x', active: true } }],
        removed: [{ path: 'users', key: { id: 8 }, value: { id: 8, email: 'c@x', active: true } }],
        changed: [
          { path: 'users', key: { id: 7 }, cells: [{ column: 'email', before: 'a@x', after: 'b@x' }] },
        ],
        truncated: { entries: false, bytes: false, values: false, depth: false },
      },
    ],
    not_compared: [],
    summary:
      'staging and prod: users: 1 row only in prod, 1 row only in staging, 1 row changed: id 7 email a@x -> b@x',
  });
});

test('several profiles are each compared with the base, the first or the named one', () => {
  const sides = ['a:x', 'b:x', 'c:x'].map((profile, at) => ({ profile, json: structured({ n: at % 2 }) }));
  const first = compareResults(sides);
  assert.equal(first.summary, 'b:x and a:x: 1 value changed: n 0 -> 1\nc:x and a:x: the same');
  const named = compareResults(sides, 'b:x');
  assert.equal(
    named.summary,
    'a:x and b:x: 1 value changed: n 1 -> 0\nc:x and b:x: 1 value changed: n 1 -> 0',
  );
});

test('a failed call is not compared, and the next one is the base', () => {
  const failed = JSON.stringify({ content: [{ type: 'text', text: 'no such table' }], isError: true });
  const { base, not_compared, summary } = compareResults([
    { profile: 'a:x', json: failed },
    { profile: 'a:y', json: structured({ n: 1 }) },
    { profile: 'a:z', json: structured({ n: 1 }) },
    { profile: 'a:w', json: '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"x"}}' },
    { profile: 'a:v', json: 'no JSON' },
  ]);
  assert.equal(base, 'a:y');
  assert.deepEqual(not_compared, [
    { profile: 'a:x', reason: 'the call failed: no such table' },
    { profile: 'a:w', reason: 'it answered with a protocol error instead of a result' },
    { profile: 'a:v', reason: 'its result is not JSON' },
  ]);
  assert.equal(summary.split('\n')[0], 'z and y: the same');
});

test('numbers that a double cannot hold are told apart, and shown with all their digits', () => {
  const base = '{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"id":9007199254740993,"p":0.10}}}';
  const other = '{"jsonrpc":"2.0","id":2,"result":{"structuredContent":{"id":9007199254740992,"p":0.1}}}';
  const { changed, counts } = difference(base, other);
  assert.deepEqual(changed, [{ path: 'id', before: '9007199254740993', after: '9007199254740992' }]);
  assert.equal(counts.unchanged, 1);
  assert.equal(difference(base, base).same, true);
  const inText = (digits: string): string => said(`[{"id":${digits},"v":1}]`);
  assert.equal(difference(inText('12345678901234567890'), inText('12345678901234567890')).same, true);
  assert.equal(difference(inText('12345678901234567890'), inText('12345678901234567891')).counts.removed, 1);
  assert.equal(difference(inText('1e400'), inText('1e401')).same, false);
  assert.equal(difference(inText('12345678901234567.0'), inText('1.2345678901234567e16')).same, true);
});

test('the key is the likeliest column that is unique in both', () => {
  const key = (base: readonly object[], other: readonly object[]) =>
    difference(structured({ rows: base }), structured({ rows: other })).tables[0]?.matched_by.columns;
  assert.deepEqual(key([{ name: 'a', id: 1 }], [{ name: 'b', id: 1 }]), ['id']);
  assert.deepEqual(key([{ id: null, uuid: 'u' }], [{ id: 1, uuid: 'u' }]), ['uuid']);
  // Each database gave out its own numbers; the slug is what both share.
  assert.deepEqual(key([{ id: 1, slug: 'a' }], [{ id: 2, slug: 'a' }]), ['slug']);
  const pair = [
    { user_id: 1, role_id: 1 },
    { user_id: 1, role_id: 2 },
    { user_id: 2, role_id: 1 },
  ];
  assert.deepEqual(key(pair, pair.slice(1)), ['role_id', 'user_id']);
  const columns = ['a', 'b'].flatMap((table_schema) =>
    ['t', 'u'].flatMap((table_name) =>
      ['x', 'y'].map((column_name) => ({ table_schema, table_name, column_name, type: 1 })),
    ),
  );
  assert.deepEqual(key(columns, columns.slice(1)), ['column_name', 'table_name', 'table_schema']);
  // What a GROUP BY answers.
  assert.deepEqual(
    key(
      [
        { status: 'open', n: 1 },
        { status: 'shut', n: 2 },
      ],
      [
        { status: 'open', n: 3 },
        { status: 'gone', n: 2 },
      ],
    ),
    ['status'],
  );
  assert.deepEqual(key([{ paid: 1 }, { paid: 1 }], [{ paid: 1 }]), []);
});

test('rows without a key are matched by all they hold, as often as they come', () => {
  const one = { n: 1, m: 1 };
  const { tables, added, removed, changed } = difference(
    structured([one, one, { n: 2, m: 2 }]),
    structured([one, { n: 3, m: 2 }]),
  );
  assert.deepEqual(tables[0]?.matched_by, {
    columns: [],
    why: 'no column identifies a row, so whole rows are matched',
  });
  assert.deepEqual(added, [{ path: '$', value: { n: 3, m: 2 } }]);
  assert.deepEqual(removed, [
    { path: '$', value: one },
    { path: '$', value: { n: 2, m: 2 } },
  ]);
  assert.deepEqual(changed, []);
});

test('a column that only one table has is said once, not for every row', () => {
  const { same, tables, changed, counts } = difference(
    structured([
      { id: 1, a: 1, b: 1 },
      { id: 2, a: 1, b: 1 },
    ]),
    structured([
      { id: 1, a: 1, c: 1 },
      { id: 2, a: 1, c: 1 },
    ]),
  );
  assert.equal(same, false);
  assert.deepEqual([tables[0]?.columns_added, tables[0]?.columns_removed], [['c'], ['b']]);
  assert.deepEqual(changed, []);
  assert.equal(counts.unchanged, 2);
});

test('a cell that only one row has, and what is nested in a row, is found by its path', () => {
  const { changed } = difference(
    structured([
      { id: 1, tags: ['a', 'b'], owner: { name: 'x', team: { id: 1 } }, labels: [{ name: 'bug', n: 1 }] },
      { id: 2, note: 'only here' },
    ]),
    structured([
      {
        id: 1,
        tags: ['b', 'a'],
        owner: { name: 'x', team: { id: 2 } },
        labels: [{ name: 'new' }, { name: 'bug', n: 2 }],
      },
      { id: 2 },
    ]),
  );
  assert.deepEqual(changed, [
    {
      path: '$',
      key: { id: 1 },
      cells: [
        { column: 'labels[name=bug].n', before: 1, after: 2 },
        { column: 'labels[name=new]', after: { name: 'new' } },
        { column: 'owner.team.id', before: 1, after: 2 },
        { column: 'tags', before: ['a', 'b'], after: ['b', 'a'] },
      ],
    },
    { path: '$', key: { id: 2 }, cells: [{ column: 'note', before: 'only here' }] },
  ]);
});

test('outside of tables each name is compared, and lists by what they hold', () => {
  const { added, removed, changed, counts } = difference(
    structured({ a: 1, b: { c: 'x', 'd.e': 1 }, gone: null, list: [1, 2, 2], order: [1, 2] }),
    structured({ a: 1, b: { c: 'y', 'd.e': 2 }, list: [2, 1, 3], order: [2, 1], constructor: 1 }),
  );
  assert.deepEqual(added, [
    { path: 'list[]', value: 3 },
    { path: 'constructor', value: 1 },
  ]);
  assert.deepEqual(removed, [
    { path: 'gone', value: null },
    { path: 'list[]', value: 2 },
  ]);
  assert.deepEqual(changed, [
    { path: 'b.c', before: 'x', after: 'y' },
    { path: 'b["d.e"]', before: 1, after: 2 },
    { path: 'order', before: [1, 2], after: [2, 1] },
  ]);
  assert.equal(counts.unchanged, 3);
});

test('text is compared line by line', () => {
  const base = said('up 3 days\r\nusers: 5\nend  ');
  const same = difference(base, said('up 3 days\nusers: 5\nend'));
  assert.deepEqual([same.same, same.read_from.base], [true, 'text']);
  assert.deepEqual(difference(base, said('up 3 days\nusers: 6\nend')).changed, [
    { path: 'line 2', before: 'users: 5', after: 'users: 6' },
  ]);
  const longer = difference(base, said('new\nup 3 days\nend'));
  assert.deepEqual(longer.added, [{ path: 'line 1', value: 'new' }]);
  assert.deepEqual(longer.removed, [{ path: 'line 2', value: 'users: 5' }]);
  // The order of lines counts.
  assert.equal(difference(said('a\nb'), said('b\na')).counts.changed, 2);
  assert.equal(
    compareTwo(base, said('up 3 days\nusers: 6\nend')).summary,
    'staging and prod: 1 line changed: line 2 "users: 5" -> "users: 6"',
  );
});

test('data on one side and text on the other are compared as text', () => {
  const { read_from, same } = difference(said('[{"id":1}]'), said('No rows.'));
  assert.deepEqual(read_from, { base: 'text', profile: 'text' });
  assert.equal(same, false);
  assert.equal(difference(said(), said()).same, true);
});

test('an image that differs is a difference, and its data stays out of the answer', () => {
  const image = (data: string): string =>
    JSON.stringify({ content: [{ type: 'image', mimeType: 'image/png', data: data.repeat(200) }] });
  assert.equal(difference(image('a'), image('a')).same, true);
  const { same, added } = difference(image('a'), image('b'));
  assert.equal(same, false);
  assert.ok(!JSON.stringify(added).includes('bbb'));
});

test('the account that the gateway wrote into a result is no difference', () => {
  const labelled = (alias: string): string =>
    JSON.stringify({
      _meta: { 'dev.nucleus/profile': { id: `db:${alias}`, connector: 'db', alias } },
      content: [
        { type: 'text', text: 'plain words' },
        { type: 'resource_link', uri: `nucleus://db/${alias}/file:///x`, name: 'x' },
        { type: 'resource', resource: { uri: `ui://nucleus/db/${alias}/ui://page`, text: 'p' } },
        { type: 'text', text: `[account: db/${alias} (eu)]` },
      ],
    });
  const { same, counts } = difference(labelled('prod'), labelled('staging'));
  assert.deepEqual([same, counts.unchanged], [true, 3]);
  // What an upstream itself wrote is.
  const own = (alias: string): string => said('plain words', `[account: db/${alias}]`);
  assert.equal(difference(own('prod'), own('staging')).same, false);
});

test('the tables with the most differences come first, and what is cut is said', () => {
  const rows = (count: number, v: number): object[] =>
    Array.from({ length: count }, (_, id) => ({ id, v, text: 'x'.repeat(1_000) }));
  const { tables, changed, counts, truncated } = difference(
    structured({ few: rows(2, 0), many: rows(150, 0) }),
    structured({ few: rows(2, 1), many: rows(150, 1).map((row) => ({ ...row, text: 'y' })) }),
  );
  assert.deepEqual(
    tables.map(({ path }) => path),
    ['many', 'few'],
  );
  assert.equal(counts.changed, 152);
  // 48 KiB hold no more of them.
  assert.equal(changed.length, 90);
  assert.deepEqual(changed[0], {
    path: 'many',
    key: { id: 0 },
    cells: [
      { column: 'text', before: `${'x'.repeat(400)}… (1000 characters)`, after: 'y' },
      { column: 'v', before: 0, after: 1 },
    ],
  });
  assert.deepEqual(truncated, { entries: true, bytes: true, values: true, depth: false });
});

test('what is nested deeply is compared as a whole, and without end not at all', () => {
  const nest = (depth: number, leaf: number): string =>
    `{"structuredContent":${'{"a":'.repeat(depth)}${leaf}${'}'.repeat(depth)}}`;
  const deep = difference(nest(100, 1), nest(100, 2));
  assert.deepEqual([deep.counts.changed, deep.truncated.depth], [1, true]);
  assert.equal(difference(nest(100, 1), nest(100, 1)).same, true);
  const endless = compareTwo(nest(200_000, 1), nest(200_000, 1));
  assert.deepEqual(
    endless.not_compared.map(({ reason }) => reason),
    Array.from({ length: 2 }, () => 'its result is nested deeper than 512 levels'),
  );
});

test('what an upstream wrote cannot pass for words of the summary', () => {
  const { summary } = compareTwo(
    structured([{ id: 1, v: 'a' }]),
    structured([{ id: 1, v: 'b\nstaging and prod: the same' }]),
  );
  assert.equal(summary, 'staging and prod: 1 row changed: id 1 v a -> "b\\nstaging and prod: the same"');
});
