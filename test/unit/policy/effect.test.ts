// What a call does: the manifest, then its arguments, then what the server says, then a write.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { createEffects, type Judged, type JudgedCall } from '../../../src-main/gateway/policy/effect.ts';
import { judgePipeline } from '../../../src-main/gateway/policy/pipeline.ts';
import { createConnectors } from '../../../src-main/gateway/profiles/connectors.ts';
import { manifestOf } from '../../../src-main/gateway/profiles/manifest.ts';
import { noToolRules, ToolRules } from '../../../src-main/gateway/profiles/rule-schema.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';

const rules = ToolRules.parse({
  read: ['list', 'wrap>get', 'sql_listed_read', 'code_listed_read'],
  write: ['switch', 'sql_listed_write'],
  destructive: ['purge', 'wrap>purge', 'sql_listed_destructive', 'both'],
  inner: { wrap: '/op/name', hinted: '/op' },
  readers: {
    query: { at: '/sql', holds: 'sql', dialect: 'postgres' },
    query_other: { at: '/sql', holds: 'sql' },
    many: { at: '/statements', holds: 'sql', dialect: 'postgres' },
    sql_listed_read: { at: '/sql', holds: 'sql', dialect: 'postgres' },
    sql_listed_write: { at: '/sql', holds: 'sql', dialect: 'postgres' },
    sql_listed_destructive: { at: '/sql', holds: 'sql', dialect: 'postgres' },
    run: { at: '/code', holds: 'code' },
    code_listed_read: { at: '/code', holds: 'code' },
    aggregate: { at: '/pipeline', holds: 'pipeline' },
    'wrap>sql': { at: '/op/sql', holds: 'sql', dialect: 'postgres' },
    odd: { at: '/a~1b/c~0d', holds: 'sql', dialect: 'postgres' },
  },
});

const effectsWith = (toolRules: ToolRules, annotations: Params = {}) =>
  createEffects({ rulesOf: () => toolRules, annotationsOf: () => annotations, renew: () => null });

async function judge(
  name: string,
  args: Params = {},
  more: { readonly hints?: Params; readonly rules?: ToolRules } & Partial<JudgedCall> = {},
): Promise<string> {
  const { hints, rules: own, ...call } = more;
  const judged: Judged = await effectsWith(own ?? rules, hints).judge({
    profile: 'db:prod',
    kind: 'tool',
    method: 'tools/call',
    name,
    arguments: args,
    ...call,
  });
  return `${judged.operation}: ${judged.effect.does} by ${judged.effect.basis}`;
}

test('a list of the manifest decides, whatever the server says', async () => {
  const hints = { readOnlyHint: true };
  assert.equal(await judge('list', {}, { hints: { destructiveHint: true } }), 'list: reads by manifest');
  assert.equal(await judge('switch', {}, { hints }), 'switch: writes by manifest');
  assert.equal(await judge('purge', {}, { hints }), 'purge: destroys by manifest');
});

test('what a server said before the start does not count, but to look ahead', async () => {
  let hints: Params = { readOnlyHint: true };
  let renewals = 0;
  const judgeKept = async (
    renew: () => Promise<void> | null,
    more: Partial<JudgedCall> = {},
  ): Promise<string> => {
    const effects = createEffects({ rulesOf: () => noToolRules, annotationsOf: () => hints, renew });
    const call = {
      profile: 'db:prod',
      kind: 'tool',
      method: 'tools/call',
      name: 'tool',
      arguments: {},
    } as const;
    const { effect } = await effects.judge({ ...call, ...more });
    return `${effect.does} by ${effect.basis}`;
  };
  const renewed = (): Promise<void> => {
    renewals += 1;
    hints = { destructiveHint: true };
    return Promise.resolve();
  };
  assert.equal(await judgeKept(renewed, { isForeseen: true }), 'reads by server');
  assert.equal(renewals, 0);
  assert.equal(await judgeKept(renewed), 'destroys by server');
  hints = { readOnlyHint: true };
  assert.equal(await judgeKept(() => Promise.reject(new Error('it does not start'))), 'writes by unknown');
  assert.equal(await judgeKept(() => null), 'reads by server');
});

test('the operation behind a tool is looked for first, and one that is not named is a write', async () => {
  assert.equal(await judge('wrap', { op: { name: 'get' } }), 'wrap>get: reads by manifest');
  assert.equal(await judge('wrap', { op: { name: 'purge' } }), 'wrap>purge: destroys by manifest');
  assert.equal(await judge('wrap', { op: { name: 'other' } }), 'wrap>other: writes by unknown');
  const hints = { readOnlyHint: true };
  assert.equal(await judge('hinted', { op: 'look' }, { hints }), 'hinted>look: reads by server');
  for (const args of [{}, { op: '' }, { op: 7 }, { op: 'a b' }, { op: 'a\u202Eb' }, { op: 'x'.repeat(201) }])
    assert.equal(await judge('hinted', args, { hints }), 'hinted: writes by unknown', JSON.stringify(args));
  assert.equal(
    await judge('wrap', JSON.parse('{"op":{"__proto__":{"name":"get"}}}') as Params),
    'wrap: writes by unknown',
  );
  assert.equal(await judge('wrap', { op: { name: 'sql', sql: 'SELECT 1' } }), 'wrap>sql: reads by sql');
});

test('SQL in an argument is read, and nothing else makes it milder', async () => {
  const hints = { readOnlyHint: true };
  assert.equal(
    await judge('query', { sql: 'SELECT 1' }, { hints: { destructiveHint: true } }),
    'query: reads by sql',
  );
  assert.equal(await judge('query', { sql: 'UPDATE t SET a = 1' }, { hints }), 'query: writes by sql');
  assert.equal(await judge('query', { sql: 'DROP TABLE t' }, { hints }), 'query: destroys by sql');
  assert.equal(
    await judge('sql_listed_read', { sql: 'UPDATE t SET a = 1' }),
    'sql_listed_read: writes by sql',
  );
  assert.equal(await judge('sql_listed_read', { sql: 'SELECT 1' }), 'sql_listed_read: reads by sql');
  assert.equal(await judge('sql_listed_write', { sql: 'SELECT 1' }), 'sql_listed_write: writes by manifest');
  assert.equal(await judge('sql_listed_write', { sql: 'DROP TABLE t' }), 'sql_listed_write: destroys by sql');
  assert.equal(
    await judge('sql_listed_destructive', { sql: 'SELECT 1' }),
    'sql_listed_destructive: destroys by manifest',
  );
  assert.equal(await judge('odd', { 'a/b': { 'c~d': 'SELECT 1' } }), 'odd: reads by sql');
});

test('the dialect decides how strictly SQL is read', async () => {
  const sql = 'SELECT 1 -- one';
  assert.equal(await judge('query', { sql }), 'query: reads by sql');
  assert.equal(await judge('query_other', { sql }), 'query_other: writes by sql');
  assert.equal(
    await judge('query_other', { sql: 'SELECT ifnull(a, 1) FROM t' }),
    'query_other: reads by sql',
  );
  assert.equal(await judge('query', { sql: 'SELECT ifnull(a, 1) FROM t' }), 'query: writes by sql');
});

test('of several statements the worst counts', async () => {
  assert.equal(await judge('many', { statements: ['SELECT 1', 'SELECT 2'] }), 'many: reads by sql');
  assert.equal(
    await judge('many', { statements: ['SELECT 1', 'DELETE FROM t', 'SELECT 2'] }),
    'many: destroys by sql',
  );
  assert.equal(
    await judge('many', { statements: ['SELECT 1', 'INSERT INTO t VALUES (1)'] }),
    'many: writes by sql',
  );
});

test('an argument that is not there, or no text, makes a write', async () => {
  const hints = { readOnlyHint: true };
  for (const args of [
    {},
    { sql: null },
    { sql: 7 },
    { sql: { a: 'SELECT 1' } },
    { sql: [] },
    { sql: ['SELECT 1', 7] },
  ])
    assert.equal(await judge('query', args, { hints }), 'query: writes by unknown', JSON.stringify(args));
  assert.equal(await judge('sql_listed_read', {}), 'sql_listed_read: writes by unknown');
  assert.equal(await judge('sql_listed_destructive', {}), 'sql_listed_destructive: destroys by manifest');
});

test('code is a write, also when a list calls the tool a read', async () => {
  assert.equal(
    await judge('run', { code: '1' }, { hints: { readOnlyHint: true } }),
    'run: writes by manifest',
  );
  assert.equal(await judge('code_listed_read', { code: '1' }), 'code_listed_read: writes by manifest');
  assert.equal(await judge('run', {}), 'run: writes by unknown');
});

test('a pipeline reads unless a stage of it puts the result somewhere', async () => {
  const hints = { readOnlyHint: true };
  const does = (pipeline: unknown) => judge('aggregate', { pipeline }, { hints });
  assert.equal(await does([{ $match: { a: '$out' } }, { $count: 'n' }]), 'aggregate: reads by manifest');
  assert.equal(await does([{ $match: {} }, { $merge: 'x' }]), 'aggregate: writes by manifest');
  assert.equal(await does([{ $out: 'x' }]), 'aggregate: destroys by manifest');
  assert.equal(await does([{ $facet: { a: [{ $out: 'x' }] } }]), 'aggregate: destroys by manifest');
  for (const odd of [undefined, '[]', { $match: {} }, ['$out'], [null]])
    assert.equal(await does(odd), 'aggregate: writes by unknown');
  assert.equal(judgePipeline([]), 'reads');
});

test('without a manifest the hints of the server count, and without hints it is a write', async () => {
  const own = noToolRules;
  for (const [hints, does] of [
    [{ readOnlyHint: true }, 'reads by server'],
    [{ readOnlyHint: true, destructiveHint: false }, 'reads by server'],
    [{ readOnlyHint: false, destructiveHint: true }, 'destroys by server'],
    [{ destructiveHint: true }, 'destroys by server'],
    [{ destructiveHint: false }, 'writes by server'],
    [{ readOnlyHint: false }, 'writes by server'],
    [{ readOnlyHint: 'true' }, 'writes by unknown'],
    [{ title: 'Read' }, 'writes by unknown'],
    [{}, 'writes by unknown'],
  ] as const)
    assert.equal(await judge('x', {}, { hints, rules: own }), `x: ${does}`, JSON.stringify(hints));
  for (const name of ['constructor', '__proto__', 'toString'])
    assert.equal(await judge(name, {}, { rules: own }), `${name}: writes by unknown`);
});

test('prompts, resources and what only serves other calls read; a method nobody knows writes', async () => {
  assert.equal(await judge('p', {}, { kind: 'prompt', method: 'prompts/get' }), 'p: reads by protocol');
  assert.equal(
    await judge('a://b', {}, { kind: 'resource', method: 'resources/read' }),
    'a://b: reads by protocol',
  );
  const other = (method: string) => judge(method, {}, { kind: 'other', method });
  for (const method of [
    'completion/complete',
    'tasks/get',
    'tasks/cancel',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
  ])
    assert.equal(await other(method), `${method}: reads by protocol`);
  for (const method of ['x/y', 'tools/call', '', 'constructor'])
    assert.equal(await other(method), `${method}: writes by unknown`);
});

test('only the first SQL waits, for the parser', async () => {
  const effects = effectsWith(rules);
  const call = (name: string, args: Params): JudgedCall => ({
    profile: 'db:prod',
    kind: 'tool',
    method: 'tools/call',
    name,
    arguments: args,
  });
  assert(!(effects.judge(call('list', {})) instanceof Promise));
  const first = effects.judge(call('query', { sql: 'SELECT 1' }));
  const second = effects.judge(call('query', { sql: 'DROP TABLE t' }));
  assert(first instanceof Promise && second instanceof Promise);
  assert.deepEqual((await first).effect, { does: 'reads', basis: 'sql' });
  assert.deepEqual((await second).effect, { does: 'destroys', basis: 'sql' });
  assert.deepEqual(effects.judge(call('query', { sql: 'SELECT 2' })), {
    effect: { does: 'reads', basis: 'sql' },
    operation: 'query',
  });
});

test('the connectors that ship tell a read of their database from a write', async () => {
  verifies('NEW-004');
  const connectors = createConnectors({
    builtinFolder: join(import.meta.dirname, '..', '..', '..', 'resources', 'connectors'),
    customFolder: null,
    log: createFakeLog(),
  });
  const toolsOf = (name: string, variant?: string): ToolRules => {
    const manifest = connectors.list().find((each) => each.name === name) ?? assert.fail(name);
    return (manifestOf(manifest, { variant }) ?? assert.fail(variant)).tools;
  };
  const hints = { readOnlyHint: true };
  for (const [connector, tool, read, write] of [
    ['supabase', 'execute_sql', { query: 'SELECT 1 -- x' }, { query: 'SELECT nextval($$a$$)' }],
    ['neon', 'run_sql', { sql: 'SELECT 1 -- x' }, { sql: 'UPDATE t SET a = 1' }],
    ['neon', 'run_sql_transaction', { sqlStatements: ['SELECT 1'] }, { sqlStatements: ['COMMIT'] }],
    ['neon', 'explain_sql_statement', { sql: 'SELECT 1' }, { sql: 'UPDATE t SET a = 1' }],
    ['postgres', 'execute_sql', { sql: 'SELECT 1 -- x' }, { sql: 'SELECT 1; COMMIT' }],
    ['mysql', 'mysql_query', { sql: 'SELECT `a` FROM b' }, { sql: 'SELECT 1 # x' }],
    ['sqlite', 'query', { sql: 'SELECT * FROM a WHERE b = ?' }, { sql: 'PRAGMA user_version = 1' }],
    ['mongodb', 'aggregate', { pipeline: [{ $match: {} }] }, { pipeline: [{ $merge: 'a' }] }],
    ['mongodb', 'aggregate-db', { pipeline: [{ $listSessions: {} }] }, { pipeline: [{ $merge: 'a' }] }],
    ['cloudflare', 'd1_database_query', { sql: 'SELECT 1' }, { sql: 'UPDATE t SET a = 1' }],
    ['grafana', 'query_clickhouse', { query: 'SELECT 1' }, { query: 'INSERT INTO t VALUES (1)' }],
  ] as const) {
    const own = toolsOf(connector);
    assert.match(await judge(tool, read, { rules: own, hints }), /: reads by/, `${connector} ${tool}`);
    assert.match(await judge(tool, write, { rules: own, hints }), /: writes by/, `${connector} ${tool}`);
  }
  assert.match(
    await judge('execute', { code: '1' }, { rules: toolsOf('cloudflare'), hints }),
    /writes by manifest/,
  );
  assert.match(
    await judge('explain_query', { sql: 'SELECT 1' }, { rules: toolsOf('postgres') }),
    /writes by/,
  );
  assert.match(
    await judge('apply_migration', { query: 'DROP TABLE t' }, { rules: toolsOf('supabase') }),
    /destroys/,
  );
  assert.match(await judge('list_issues', {}, { rules: toolsOf('github', 'stdio') }), /reads by manifest/);
  assert.match(
    await judge('merge_pull_request', {}, { rules: toolsOf('github', 'stdio') }),
    /destroys by manifest/,
  );
});
