import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { defaultConfig, type Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Effect } from '../../../src-shared/policy.ts';
import type { CallRecord, CallStart } from '../../../src-main/gateway/audit/audit.ts';
import type { Policy } from '../../../src-main/gateway/policy/decision.ts';
import { noLimits, type Limits } from '../../../src-main/gateway/policy/limits.ts';
import { createBridge } from '../../../src-main/gateway/routing/bridge.ts';
import {
  createDispatch,
  errorResult,
  resultOf,
  type Call,
} from '../../../src-main/gateway/routing/dispatch.ts';
import { createRequestStates } from '../../../src-main/gateway/routing/request-states.ts';
import { createSupervisor } from '../../../src-main/gateway/upstream/supervisor.ts';
import { createNewOld } from '../../../src-main/gateway/wire/eras/new-old.ts';
import { readReply, type Reply } from '../../../src-main/gateway/wire/reply.ts';
import { createFakeEras } from '../../helpers/eras.ts';
import { createFakeClock, createFakeLog, settled } from '../../helpers/fake-clock.ts';
import { allowAll, askFor, createTestGate } from '../../helpers/gate.ts';
import { verifies } from '../../helpers/requirements.ts';
import { createFakeTransport, greeting, type FakeTransport } from '../../helpers/fake-transport.ts';

const binding = { profile: 'db:prod', connector: 'db', alias: 'main', metadata: {} };

function setUp(
  t: TestContext,
  parts: {
    policy?: Policy;
    limits?: Limits;
    canStart?: boolean;
    whenFull?: Config['audit']['when_full'];
    does?: Effect;
  } = {},
) {
  t.mock.method(Math, 'random', () => 0.5);
  const clock = createFakeClock();
  const opened: FakeTransport[] = [];
  const records: CallRecord[] = [];
  /** Calls that began, and how many had reached the upstream by then. */
  const begun: { readonly call: CallStart; readonly sent: number }[] = [];
  const log: { problem: string | null } = { problem: null };
  const supervisor = createSupervisor({
    clock,
    log: createFakeLog(),
    config: { ...defaultConfig.upstream, call_timeout: 30_000 },
    eras: createFakeEras(),
    version: '9.9.9',
    open: () => {
      if (parts.canStart === false)
        throw new NucleusError('UPSTREAM_SPAWN_FAILED', 'it could not be started');
      opened.push(createFakeTransport({ answers: { initialize: greeting } }));
      return Promise.resolve(opened.at(-1) as FakeTransport);
    },
    onReady: () => {},
    onNotification: () => {},
    onState: () => {},
    roots: () => [],
    wanted: () => false,
  });
  const { gate, ...guards } = createTestGate({
    clock,
    policy: parts.policy ?? allowAll,
    ...(parts.does && { judge: () => ({ does: parts.does as Effect, basis: 'server' }) }),
  });
  const dispatch = createDispatch({
    gate,
    limits: parts.limits ?? noLimits,
    bridge: createBridge({
      roots: () => [],
      supervisor,
      clock,
      newOld: createNewOld({ clock, states: createRequestStates(), setLevel: async () => {} }),
    }),
    audit: {
      begin(call) {
        begun.push({ call, sent: opened[0]?.received('tools/call').length ?? 0 });
        return { id: begun.length, ends: { first: '', last: '' } };
      },
      record: (call) => void records.push(call),
      problem: () => log.problem,
    },
    whenFull: parts.whenFull ?? 'refuse-guarded',
    clock,
  });
  return {
    clock,
    ...guards,
    opened,
    records,
    begun,
    log,
    dispatch,
    gate,
    supervisor,
    upstream: () => opened[0] as FakeTransport,
  };
}

const callOf = (more: Partial<Call> = {}): Call => ({
  kind: 'tool',
  method: 'tools/call',
  route: { binding, name: 'query' },
  params: { name: 'db_main_query', arguments: { sql: 'SELECT 1' } },
  via: 'direct',
  principal: 'local',
  client: 'test client',
  ...more,
});

const kinds: [Call['kind'], string, Partial<Call>][] = [
  ['tool', 'tools/call', {}],
  ['prompt', 'prompts/get', { kind: 'prompt', method: 'prompts/get' }],
  [
    'resource',
    'resources/read',
    {
      kind: 'resource',
      method: 'resources/read',
      route: { binding, name: 'file:///a' },
      params: { uri: 'nucleus://db/main/file:///a' },
    },
  ],
];

/** Dispatches, and lets the upstream answer with this body. */
async function answered(setup: ReturnType<typeof setUp>, call: Call, body: object): Promise<Reply> {
  const reply = setup.dispatch(call);
  await settled();
  const request = setup.upstream().sent.at(-1);
  setup.upstream().say({ jsonrpc: '2.0', id: request?.id, ...body });
  return reply;
}

const deny: Policy = {
  decide: () => ({ kind: 'deny', rule: 3, match: 'db:prod', pattern: '*', reason: 'rule 3 says so' }),
};

test('a call reaches the upstream under its own name there, all else as it came', async (t) => {
  const setup = setUp(t);
  const params = JSON.parse(
    '{"name":"db_main_query","arguments":{"sql":"x","__proto__":{"a":1},"n":null},"_meta":{"k":1},"task":{"ttl":5},"__proto__":{"b":2}}',
  ) as Call['params'];
  await answered(setup, callOf({ params }), { result: { content: [] } });
  const sent = setup.upstream().received('tools/call')[0]?.params;
  assert.equal(
    JSON.stringify(sent),
    '{"name":"query","arguments":{"sql":"x","__proto__":{"a":1},"n":null},"_meta":{"k":1},"task":{"ttl":5},"__proto__":{"b":2}}',
  );
});

test('a notification goes the same road, to an upstream that runs, and a denied one reaches nobody', async (t) => {
  const note = callOf({
    kind: 'other',
    method: 'notifications/vendor',
    params: { a: 1 },
    isNotification: true,
  });
  const setup = setUp(t);
  await setup.dispatch(note);
  assert.equal(setup.opened.length, 0);
  await setup.supervisor.connect('db:prod');
  await setup.dispatch(note);
  assert.deepEqual(setup.upstream().received('notifications/vendor')[0]?.params, { a: 1 });
  assert.deepEqual(
    setup.records.map(({ target, outcome }) => [target.name, outcome]),
    [
      ['notifications/vendor', 'ok'],
      ['notifications/vendor', 'ok'],
    ],
  );
  const denied = setUp(t, { policy: deny });
  await denied.supervisor.connect('db:prod');
  await assert.rejects(denied.dispatch(note), { code: 'POLICY_DENIED' });
  assert.equal(denied.upstream().received('notifications/vendor').length, 0);
});

test('prompts and resources go their own ways', async (t) => {
  const setup = setUp(t);
  await answered(
    setup,
    callOf({
      kind: 'prompt',
      method: 'prompts/get',
      params: { name: 'db_main_query', arguments: { a: '1' } },
    }),
    { result: {} },
  );
  await answered(setup, callOf(kinds[2]?.[2]), { result: {} });
  assert.deepEqual(setup.upstream().received('prompts/get')[0]?.params, {
    name: 'query',
    arguments: { a: '1' },
  });
  assert.deepEqual(setup.upstream().received('resources/read')[0]?.params, { uri: 'file:///a' });
});

test('a denied call never reaches the upstream, whatever its kind', async (t) => {
  for (const [kind, , more] of kinds) {
    const { dispatch, opened, records, clock } = setUp(t, { policy: deny });
    const outcome = await dispatch(callOf(more)).catch((error: unknown) => error);
    await clock.advance(60_000);
    assert.equal(opened.length, 0, kind);
    const name = kind === 'resource' ? 'file:///a' : 'query';
    const text = `BLOCKED by policy: ${kind} "${name}" on profile db:main is denied (rule match="db:prod", pattern="*"). Reason: rule 3 says so`;
    assert.deepEqual(
      records.map(({ decision, outcome: ended, reason }) => [decision, ended, reason]),
      [['denied', 'blocked', text]],
    );
    const mark = {
      profile: 'db:prod',
      rule: 3,
      pattern: '*',
      reason: 'rule 3 says so',
      code: 'POLICY_DENIED',
    };
    if (kind === 'tool')
      assert.deepEqual(readReply(outcome as Reply).result, {
        content: [{ type: 'text', text }],
        isError: true,
        _meta: { 'dev.nucleus/error': mark },
      });
    else assert.equal((outcome as NucleusError).code, 'POLICY_DENIED');
  }
});

test('a denied call takes no place in the limits', async (t) => {
  let taken = 0;
  const { dispatch } = setUp(t, { policy: deny, limits: { take: () => (taken++, () => {}) } });
  await dispatch(callOf());
  assert.equal(taken, 0);
});

test('a policy that fails denies', async (t) => {
  const policy: Policy = {
    decide: () => {
      throw new Error('oh');
    },
  };
  const { dispatch, opened, records } = setUp(t, { policy });
  const reply = await dispatch(callOf());
  assert.equal(readReply(reply).result?.['isError'], true);
  assert.equal(opened.length, 0);
  assert.deepEqual(
    records.map(({ decision, outcome }) => [decision, outcome]),
    [['denied', 'blocked']],
  );
});

test('policy and record see the account, the upstream name and who calls', async (t) => {
  const seen: unknown[] = [];
  const policy: Policy = { decide: (target) => (seen.push(target), { kind: 'allow', rule: null }) };
  const setup = setUp(t, { policy });
  await answered(setup, callOf({ principal: 'cursor', via: 'cli' }), { result: {} });
  const target = {
    principal: 'cursor',
    profile: 'db:prod',
    connector: 'db',
    alias: 'main',
    kind: 'tool',
    name: 'query',
  };
  assert.deepEqual(seen, [
    {
      ...target,
      client: 'test client',
      env: 'prod',
      operation: 'query',
      effect: { does: 'writes', basis: 'unknown' },
      arguments: { sql: 'SELECT 1' },
    },
  ]);
  assert.deepEqual(setup.records, [
    {
      target,
      via: 'cli',
      client: 'test client',
      decision: 'allowed',
      outcome: 'ok',
      reason: undefined,
      arguments: { sql: 'SELECT 1' },
      policy: 'p-1',
      approval: null,
      effect: 'writes',
      plan: undefined,
      startedAt: setup.clock.now(),
      endedAt: setup.clock.now(),
    },
  ]);
});

test('a call is written down before it reaches the upstream, one that is stopped is not', async (t) => {
  verifies('NUC-091');
  const setup = setUp(t);
  await answered(setup, callOf({ plan: { id: 'p', step: 1 } }), { result: { content: [] } });
  assert.deepEqual(
    setup.begun.map(({ call, sent }) => [call.target.profile, call.plan, sent]),
    [['db:prod', { id: 'p', step: 1 }, 0]],
  );
  const denied = setUp(t, { policy: deny });
  await denied.dispatch(callOf());
  assert.equal(denied.begun.length, 0);
  assert.equal(denied.records.length, 1);
});

const fullCases: [Config['audit']['when_full'], Effect, Policy, boolean][] = [
  ['refuse-guarded', 'reads', allowAll, true],
  ['refuse-guarded', 'writes', allowAll, false],
  ['refuse-guarded', 'destroys', allowAll, false],
  ['refuse-guarded', 'reads', askFor('query'), false],
  ['refuse-all', 'reads', allowAll, false],
  ['allow', 'destroys', allowAll, true],
];

for (const [whenFull, does, policy, passes] of fullCases)
  test(`while the log cannot be written ${whenFull} ${passes ? 'lets' : 'keeps'} a call that ${does}${policy === allowAll ? '' : ' and that a rule asks about'} ${passes ? 'pass' : 'back'}`, async (t) => {
    verifies('NUC-096');
    const setup = setUp(t, { whenFull, does, policy });
    setup.log.problem = '/x/audit.log cannot be written (ENOSPC); the disk is full, make room';
    if (passes) {
      await answered(setup, callOf(), { result: { content: [] } });
      assert.equal(setup.records[0]?.outcome, 'ok');
      return;
    }
    const reply = await setup.dispatch(callOf());
    const { isError, _meta, content } = readReply(reply).result as {
      isError?: boolean;
      _meta?: Record<string, { code?: string }>;
      content: { text: string }[];
    };
    assert.equal(isError, true);
    assert.equal(_meta?.['dev.nucleus/error']?.code, 'AUDIT_UNWRITABLE');
    assert.match(String(content[0]?.text), /query on db:prod was not called.*audit\.log.*make room/);
    assert.deepEqual(
      setup.records.map(({ decision, outcome, reason }) => [decision, outcome, reason]),
      [['denied', 'blocked', 'AUDIT_UNWRITABLE']],
    );
    assert.equal(setup.opened.length, 0);
  });

test('a call whose beginning is the first that cannot be written is kept back as well', async (t) => {
  const setup = setUp(t, { does: 'destroys' });
  const dispatch = createDispatch({
    gate: setup.gate,
    limits: noLimits,
    bridge: () => Promise.reject(new Error('it went out')),
    audit: {
      begin() {
        setup.log.problem = 'audit.open cannot be written (ENOSPC); the disk is full, make room';
        return { id: null, ends: { first: '', last: '' } };
      },
      record: (call) => void setup.records.push(call),
      problem: () => setup.log.problem,
    },
    whenFull: 'refuse-guarded',
    clock: setup.clock,
  });
  const reply = await dispatch(callOf());
  assert.match(JSON.stringify(readReply(reply).result), /AUDIT_UNWRITABLE/);
  assert.equal(setup.records[0]?.outcome, 'blocked');
});

test('while the log cannot be written a rule that refuses still says why itself', async (t) => {
  const setup = setUp(t, { whenFull: 'refuse-all', policy: deny });
  setup.log.problem = 'audit.log cannot be written';
  assert.match(JSON.stringify(readReply(await setup.dispatch(callOf())).result), /POLICY_DENIED/);
});

test('a record tells how long the call took', async (t) => {
  const setup = setUp(t);
  const reply = setup.dispatch(callOf());
  await setup.clock.advance(1_234);
  setup.upstream().answer('tools/call', {});
  await reply;
  assert.equal((setup.records[0] as CallRecord).endedAt - (setup.records[0] as CallRecord).startedAt, 1_234);
});

test('there is one record per call, however the upstream answers', async (t) => {
  const cases: [object, string, string | undefined][] = [
    [{ result: { content: [] } }, 'ok', undefined],
    [
      { result: { isError: true, content: [{ type: 'text', text: 'secret' }] } },
      'upstream-error',
      'the tool answered isError',
    ],
    [{ error: { code: -32602, message: 'secret' } }, 'upstream-error', 'JSON-RPC error -32602'],
    [{ error: { message: 'secret' } }, 'upstream-error', 'JSON-RPC error without a code'],
    [{ error: 'secret' }, 'upstream-error', 'JSON-RPC error without a code'],
    [{ error: null, result: {} }, 'ok', undefined],
    [{ result: null }, 'ok', undefined],
    [{ result: 'text' }, 'ok', undefined],
  ];
  for (const [kind, , more] of kinds)
    for (const [body, outcome, reason] of cases) {
      const setup = setUp(t);
      const reply = await answered(setup, callOf(more), body);
      assert.equal(reply.kind, 'raw');
      assert.deepEqual(
        setup.records.map((record) => [record.decision, record.outcome, record.reason]),
        [['allowed', outcome, reason]],
        `${kind} ${JSON.stringify(body)}`,
      );
    }
});

test('there is one record per call, however it fails on the way', async (t) => {
  const failures: [string, (setup: ReturnType<typeof setUp>, abort: () => void) => void | Promise<void>][] = [
    ['UPSTREAM_TIMEOUT', ({ clock }) => clock.advance(30_000)],
    ['UPSTREAM_EXITED', ({ upstream }) => upstream().die()],
    ['CALL_CANCELLED', (_setup, abort) => abort()],
    [
      'RESULT_TOO_LARGE',
      ({ upstream }) => upstream().overflow('{"jsonrpc":"2.0","id":2,"result":', '}}', 99),
    ],
  ];
  for (const [kind, , more] of kinds)
    for (const [code, act] of failures) {
      const setup = setUp(t);
      const controller = new AbortController();
      const ended = setup
        .dispatch(callOf({ ...more, signal: controller.signal }))
        .catch((error: unknown) => error);
      await settled();
      await act(setup, () => controller.abort());
      await ended;
      assert.deepEqual(
        setup.records.map(({ decision, outcome, reason }) => [decision, outcome, reason]),
        [['allowed', 'transport-error', code]],
        `${kind} ${code}`,
      );
    }
});

test('a failure is a result the model reads for a tool, and an error for a prompt or a resource', async (t) => {
  for (const [kind, , more] of kinds) {
    const { dispatch, records } = setUp(t, { canStart: false });
    const outcome: unknown = await dispatch(callOf(more)).catch((error: unknown) => error);
    if (kind === 'tool')
      assert.deepEqual(readReply(outcome as Reply).result, {
        content: [{ type: 'text', text: 'it could not be started' }],
        isError: true,
        _meta: { 'dev.nucleus/error': { code: 'UPSTREAM_SPAWN_FAILED' } },
      });
    else assert.equal((outcome as NucleusError).code, 'UPSTREAM_SPAWN_FAILED');
    assert.equal(records.length, 1);
  }
});

test('a cancelled tool call is an error, not a result', async (t) => {
  const { dispatch } = setUp(t);
  await assert.rejects(dispatch(callOf({ signal: AbortSignal.abort() })), { code: 'CALL_CANCELLED' });
});

test('limits are given back once, after success as after failure', async (t) => {
  let [taken, given] = [0, 0];
  const limits: Limits = { take: () => (taken++, () => void given++) };
  const setup = setUp(t, { limits });
  await answered(setup, callOf(), { result: {} });
  assert.deepEqual([taken, given], [1, 1]);
  const failed = setup.dispatch(callOf());
  await settled();
  assert.deepEqual([taken, given], [2, 1]);
  setup.upstream().die();
  await failed;
  assert.deepEqual([taken, given], [2, 2]);
});

test('a call over its limit is recorded and never reaches the upstream', async (t) => {
  const limits: Limits = {
    take: () => {
      throw new NucleusError('UPSTREAM_BUSY', 'too many calls');
    },
  };
  const { dispatch, opened, records } = setUp(t, { limits });
  assert.equal(readReply(await dispatch(callOf())).result?.['isError'], true);
  assert.equal(opened.length, 0);
  assert.equal(records.length, 1);
});

test('arguments that cannot be passed on are recorded as one failed call', async (t) => {
  const depth = 100_000;
  const deep: unknown = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
  const { dispatch, records } = setUp(t);
  await assert.rejects(dispatch(callOf({ params: { arguments: { deep } } })), { code: 'ARGUMENTS_INVALID' });
  assert.deepEqual(
    records.map(({ outcome, reason }) => [outcome, reason]),
    [['transport-error', 'ARGUMENTS_INVALID']],
  );
});

test('the record of a read resource holds its address where a call has its arguments', async (t) => {
  const setup = setUp(t);
  await answered(setup, callOf(kinds[2]?.[2]), { result: {} });
  assert.deepEqual(setup.records[0]?.arguments, { uri: 'file:///a' });
});

test('an error result carries sentence, code and data', () => {
  assert.deepEqual(
    errorResult(new NucleusError('UPSTREAM_TIMEOUT', 'too late', { profile: 'db:prod', n: 1 })),
    {
      content: [{ type: 'text', text: 'too late' }],
      isError: true,
      _meta: { 'dev.nucleus/error': { profile: 'db:prod', n: 1, code: 'UPSTREAM_TIMEOUT' } },
    },
  );
});

test('callers that are no client get the result itself, or the error of the upstream as one of ours', () => {
  assert.deepEqual(resultOf({ kind: 'made', body: { result: { a: 1 } } }), { a: 1 });
  assert.throws(() => resultOf({ kind: 'made', body: { error: { code: -1, message: 'no table' } } }), {
    code: 'UPSTREAM_ERROR',
    message: 'the upstream answered with an error: no table',
  });
  for (const body of [{ result: null }, { result: [] }, { error: 'text' }])
    assert.throws(() => resultOf({ kind: 'made', body }), {
      message: 'the upstream answered with an error: no result',
    });
});

const asking = askFor('query');

test('a call that needs a yes goes on when a person gives it, and only once', async (t) => {
  const setup = setUp(t, { policy: asking });
  setup.ways.add('app');
  const first = setup.dispatch(callOf());
  await settled();
  assert.equal(setup.opened.length, 0);
  const [question] = setup.approvals.list();
  assert.deepEqual(question && [question.profile, question.tool, question.client, question.arguments], [
    'db:prod',
    'query',
    'test client',
    '{\n  "sql": "SELECT 1"\n}',
  ]);
  await setup.clock.advance(400);
  assert.equal(setup.approvals.allow(question?.id ?? '', 'app'), true);
  await settled();
  const transport = setup.upstream();
  transport.answer('tools/call', { content: [] });
  assert.equal((await first).kind, 'raw');
  void setup.dispatch(callOf());
  await settled();
  assert.equal(setup.approvals.list().length, 1);
});

test('a call that a person refuses never reaches the upstream, and the model reads why', async (t) => {
  const setup = setUp(t, { policy: asking });
  setup.ways.add('app');
  const call = setup.dispatch(callOf());
  await setup.clock.advance(400);
  setup.approvals.deny(setup.approvals.list()[0]?.id ?? '', 'app');
  const { result } = readReply(await call);
  assert.deepEqual(result, {
    content: [
      { type: 'text', text: 'a person refused query on db:prod; do not try it again unless they ask for it' },
    ],
    isError: true,
    _meta: {
      'dev.nucleus/error': {
        profile: 'db:prod',
        rule: 1,
        reason: 'rule 1 asks for a person',
        verdict: 'denied',
        code: 'APPROVAL_REFUSED',
      },
    },
  });
  assert.equal(setup.opened.length, 0);
  assert.deepEqual(
    setup.records.map(({ decision, outcome }) => [decision, outcome]),
    [['denied', 'blocked']],
  );
});

test('without an app to ask in, a call that needs a yes is refused at once', async (t) => {
  const setup = setUp(t, { policy: asking });
  const { result } = readReply(await setup.dispatch(callOf()));
  assert.match(JSON.stringify(result), /needs a person's yes and there is nobody to ask/);
  assert.equal(setup.opened.length, 0);
});

test('what changed while a person was asked is judged anew: the rules, the class, the lock', async (t) => {
  const changes: [string, (setup: ReturnType<typeof setUp>) => void, string][] = [
    ['the rules', ({ version }) => (version.id = 'p-2'), 'asked again'],
    ['the class', ({ version }) => (version.env = 'staging'), 'asked again'],
    ['the lock', ({ lock }) => (lock.error = new NucleusError('LOCKED', 'locked')), 'LOCKED'],
  ];
  for (const [what, change, outcome] of changes) {
    const setup = setUp(t, { policy: asking });
    setup.ways.add('app');
    const call = setup.dispatch(callOf());
    await setup.clock.advance(400);
    const [question] = setup.approvals.list();
    change(setup);
    setup.approvals.allow(question?.id ?? '', 'app');
    await settled();
    assert.equal(setup.opened.length, 0, what);
    const [again] = setup.approvals.list();
    if (outcome === 'asked again') assert.ok(again && again.id !== question?.id, what);
    else assert.match(JSON.stringify(readReply(await call)), new RegExp(outcome));
  }
});
