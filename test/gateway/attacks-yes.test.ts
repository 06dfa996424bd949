// A program with a shell of the same user tries to use the yes a person gave for something else, or to somebody else.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import type { Call } from '../../src-main/gateway/routing/dispatch.ts';
import { createTickets } from '../../src-main/gateway/routing/tickets.ts';
import { codeOf, openAttacked, refusals, ticketOf, type Attacker } from '../helpers/attacker.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createScope } from '../helpers/home.ts';
import { openDesk } from '../helpers/host.ts';
import type { Message } from '../helpers/lines.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
let attacker: Attacker;
before(async () => {
  attacker = await openAttacked(scope, { prod: 'prod', open: null });
});

test('an answer within 400 ms is none, whoever gave it', async () => {
  const { guarded, onSocket, sawOnly } = attacker;
  const client = await onSocket();
  const waiting = client.request('tools/call', { name: 'db_prod_execute', arguments: { query: 'fast' } });
  const { id } = await guarded.desk.question(({ arguments: args }) => args.includes('fast'));
  assert.equal(await guarded.desk.allow(id), false);
  assert.equal(codeOf(await waiting), 'APPROVAL_PENDING');
  sawOnly('prod');
});

test('a ticket is for the client it was given to, in a view that shows the account', async () => {
  verifies('NEW-003');
  const { onSocket, overHttp, sawOnly } = attacker;
  const owner = await overHttp('owner');
  const ticket = ticketOf(
    await owner.request('tools/call', { name: 'db_prod_execute', arguments: { query: 'ticket' } }),
  );
  const call = { name: 'nucleus_resume', arguments: { ticket } };
  const others = {
    'another token': await overHttp('other'),
    'the same name as a key': await onSocket({ key: 'owner', name: 'http-test' }),
    'no key': await onSocket({ name: 'http-test' }),
  };
  for (const [who, session] of Object.entries(others))
    assert.equal(codeOf(await session.request('tools/call', call)), 'TICKET_UNKNOWN', who);
  const narrow = await onSocket({ view: { profiles: [{ id: 'db:open', alias: 'open' }] } });
  const mine = ticketOf(await narrowless());
  assert.equal(
    codeOf(await narrow.request('tools/call', { name: 'nucleus_resume', arguments: { ticket: mine } })),
    'TICKET_UNKNOWN',
  );
  assert.equal(
    codeOf(await owner.request('tools/call', call)),
    'APPROVAL_PENDING',
    'it is no yes for its owner either',
  );
  for (const odd of ['', 'x', ticket.toUpperCase(), `${ticket} `, [ticket], { ticket }, null])
    assert.ok(
      refusals.has(
        codeOf(await owner.request('tools/call', { name: 'nucleus_resume', arguments: { ticket: odd } })),
      ),
    );
  sawOnly('prod');

  async function narrowless(): Promise<Message> {
    const wide = await onSocket();
    return wide.request('tools/call', { name: 'db_prod_execute', arguments: { query: 'narrow' } });
  }
});

test('a yes is for one call as it was shown, and is used up by it', async (t) => {
  verifies('NEW-002', 'FIX-014');
  const { guarded, onSocket, overHttp, sawOnly } = await openAttacked(t, { prod: 'prod' });
  const { desk } = guarded;
  const client = await onSocket();
  const call = (query: string, more: object = {}): Promise<Message> =>
    client.request('tools/call', { name: 'db_prod_execute', arguments: { query }, ...more });
  const shown = async (query: string): Promise<string> =>
    (await desk.question(({ arguments: args }) => args.includes(query))).id;
  const ticket = ticketOf(await call('a', { _meta: { progressToken: 1 } }));
  await until('a yes that counts', async () => desk.allow(await shown('a')));
  const others: readonly (() => Promise<Message>)[] = [
    () => call('b'),
    () => call('a '),
    () => call('a', { _meta: { tenant: 'other' } }),
    () => call('a', { task: {} }),
    () => call('a', { other: true }),
    () => client.request('tools/call', { name: 'db_prod_apply_change', arguments: { query: 'a' } }),
    () =>
      client.request('tools/call', {
        name: 'nucleus_call',
        arguments: { name: 'db_prod_execute', arguments: { query: 'A' } },
      }),
    async () =>
      (await onSocket({ key: 'other' })).request('tools/call', {
        name: 'db_prod_execute',
        arguments: { query: 'a' },
      }),
    async () =>
      (await onSocket({ name: 'other' })).request('tools/call', {
        name: 'db_prod_execute',
        arguments: { query: 'a' },
      }),
    async () =>
      (await overHttp('laptop')).request('tools/call', {
        name: 'db_prod_execute',
        arguments: { query: 'a' },
      }),
    async () =>
      (await overHttp('laptop', '/p/db:prod/mcp')).request('tools/call', {
        name: 'execute',
        arguments: { query: 'a' },
      }),
  ];
  for (const other of others) assert.equal(codeOf(await other()), 'APPROVAL_PENDING', String(other));
  sawOnly('prod');
  // Three of the same race for the one yes: by the ticket twice, and by calling again.
  const resume = (): Promise<Message> =>
    client.request('tools/call', { name: 'nucleus_resume', arguments: { ticket } });
  const outcomes = await Promise.all([resume(), call('a', { _meta: { progressToken: 2 } }), resume()]);
  assert.equal(outcomes.filter((one) => codeOf(one) === 'ran').length, 1, JSON.stringify(outcomes));
  sawOnly('prod', 'execute');
  assert.equal(codeOf(await resume()), 'TICKET_UNKNOWN');
  assert.equal(codeOf(await call('a')), 'APPROVAL_PENDING', 'the next one is asked about anew');
  sawOnly('prod', 'execute');
});

test('all that goes along with a call is shown to the person', async (t) => {
  const { guarded, onSocket } = await openAttacked(t, { prod: 'prod' });
  const client = await onSocket();
  await client.request('tools/call', {
    name: 'db_prod_execute',
    arguments: { query: 'a' },
    beside: 'the arguments',
    _meta: { tenant: 'other', progressToken: 1 },
  });
  const { arguments: shown } = await guarded.desk.question();
  assert.deepEqual(JSON.parse(shown), {
    arguments: { query: 'a' },
    beside: 'the arguments',
    _meta: { tenant: 'other' },
  });
});

test('what was allowed for longer is for that client, that account and those rules', async (t) => {
  verifies('NEW-018');
  const { guarded, onSocket, overHttp, sawOnly } = await openAttacked(
    t,
    { prod: 'prod', second: 'prod' },
    { policy: '[[rule]]\nmatch = "db:second"\nclient = "laptop"\nallow = ["*"]\n' },
  );
  const { desk, gateway } = guarded;
  const grant = { scope: 'writes', minutes: 15, calls: null, isKept: true } as const;
  const args = (query: string): object => ({ name: 'db_prod_execute', arguments: { query } });
  const laptop = await overHttp('laptop');
  const { version } = await gateway.ask('policy.get', {});
  await desk.host.person.policy.accept({ version }, { signal: new AbortController().signal });
  const exempt = { name: 'db_second_execute', arguments: {} };
  assert.equal(codeOf(await laptop.request('tools/call', exempt)), 'ran', 'as the rule says');
  await laptop.request('tools/call', args('granted'));
  const { id } = await desk.question();
  await until('a yes that counts', () => desk.allow(id, { grant }));
  assert.equal(codeOf(await laptop.request('tools/call', args('granted'))), 'ran');
  assert.equal(codeOf(await laptop.request('tools/call', args('more of it'))), 'ran');
  sawOnly('prod', 'execute', 'execute');
  const spoofs = {
    'another token': await overHttp('phone'),
    'its token’s name as a key': await onSocket({ key: 'laptop', name: 'http-test' }),
    'the mark of a key': await onSocket({ key: 'key:laptop', name: 'http-test' }),
    'its own name for itself': await onSocket({ name: 'http-test' }),
    'its token’s name as a name': await onSocket({ name: 'laptop' }),
  };
  for (const [who, session] of Object.entries(spoofs))
    for (const name of ['db_prod_execute', 'db_second_execute'])
      assert.equal(
        codeOf(await session.request('tools/call', { name, arguments: {} })),
        'APPROVAL_PENDING',
        who,
      );
  const destroys = await laptop.request('tools/call', { name: 'db_prod_drop_everything', arguments: {} });
  assert.equal(codeOf(destroys), 'APPROVAL_PENDING');
  await gateway.ask('profiles.rename', { id: 'db:prod', name: 'renamed' });
  const renamed = await laptop.request('tools/call', { name: 'db_renamed_execute', arguments: {} });
  assert.equal(codeOf(renamed), 'APPROVAL_PENDING', 'under another id it was not allowed');
  await gateway.ask('profiles.rename', { id: 'db:renamed', name: 'prod' });
  assert.equal(codeOf(await laptop.request('tools/call', args('back'))), 'APPROVAL_PENDING');
  sawOnly('prod', 'execute', 'execute');
  sawOnly('second', 'execute');
});

test('what was allowed ends where the profile leads to another account', async (t) => {
  verifies('NEW-018');
  const { guarded, onSocket, sawOnly } = await openAttacked(t, { prod: 'prod', other: 'prod' });
  const { desk, gateway, fakes } = guarded;
  const client = await onSocket();
  const call = async (query: string): Promise<string> =>
    codeOf(await client.request('tools/call', { name: 'db_prod_execute', arguments: { query } }));
  const launch = fakes['other']?.launch ?? assert.fail();
  const grant = { scope: 'tool', minutes: 15, calls: null, isKept: true } as const;
  await call('for longer');
  const { id } = await desk.question();
  await until('a yes that counts', () => desk.allow(id, { grant }));
  await call('for longer');
  await gateway.ask('profiles.add', { connector: 'db', name: 'prod', launch, replace: true });
  assert.equal(await call('for longer'), 'APPROVAL_PENDING');
  await desk.allowNext();
  await gateway.ask('profiles.add', { connector: 'db', name: 'prod', launch, replace: true });
  assert.notEqual(await call('for longer'), 'ran', 'nor does a yes that waits');
  sawOnly('prod', 'execute');
  sawOnly('other');
});

test('a request that goes on with an answer is shown, or was allowed', async (t) => {
  const { guarded, onSocket, overHttp } = await openAttacked(t, { prod: 'prod' });
  const state = {
    requestState: 'mine',
    inputResponses: { sure: { action: 'accept', content: { sure: true } } },
  };
  const client = await onSocket();
  await client.request('tools/call', { name: 'db_prod_execute', arguments: {}, ...state });
  const { arguments: shown } = await guarded.desk.question();
  assert.deepEqual(JSON.parse(shown), { arguments: {}, ...state });
  const alone = await overHttp('laptop', '/p/db:prod/mcp');
  await alone.request('x/run', { name: 'one', uri: 'two' });
  const second = await guarded.desk.question(({ tool }) => tool.startsWith('x/run'));
  assert.deepEqual(JSON.parse(second.arguments), { name: 'one', uri: 'two' });
  await until('a yes that counts', () => guarded.desk.allow(second.id));
  assert.equal(codeOf(await alone.request('x/run', { name: 'another', uri: 'two' })), 'APPROVAL_PENDING');
  assert.deepEqual(guarded.fakes['prod']?.received('x/run'), []);
});

test('a modern client that is told to come back runs the call once, as it was, after the yes', async (t) => {
  verifies('NEW-002', 'NEW-003');
  const { guarded, onSocket, sawOnly } = await openAttacked(t, { prod: 'prod' });
  const client = await onSocket();
  const keys = 'io.modelcontextprotocol';
  const _meta = {
    [`${keys}/protocolVersion`]: '2026-07-28',
    [`${keys}/clientInfo`]: { name: 'attacker', version: '1' },
    [`${keys}/clientCapabilities`]: { elicitation: { form: {} } },
  };
  const call = async (query: string, more: object = {}): Promise<Record<string, unknown>> => {
    const params = { name: 'db_prod_execute', arguments: { query }, _meta, ...more };
    const answer = await client.request('tools/call', params);
    return { ...answer.result, code: codeOf(answer) };
  };
  const comeBack = ({ requestState, inputRequests }: Record<string, unknown>): object => {
    assert.equal(typeof requestState, 'string');
    const accept = { action: 'accept', content: { allow: true } };
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests as object).map((key) => [key, accept]),
    );
    return { requestState, inputResponses };
  };
  for (const requestState of ['x', '', 1, null, { call: '1' }])
    assert.notEqual((await call('a', { requestState }))['resultType'], 'complete');
  const first = comeBack(await call('a'));
  assert.notEqual((await call('b', first))['code'], 'ran', 'with other arguments');
  const again = await call('a', first);
  assert.equal(again['resultType'], 'input_required', 'to accept is no yes');
  assert.notEqual((await call('a', first))['resultType'], 'complete', 'the same answer twice');
  sawOnly('prod');
  await guarded.desk.allowNext();
  const last = comeBack(again);
  const racing = await Promise.all([call('b', last), call('a', last), call('a', last), call('a', first)]);
  assert.equal(racing.filter((one) => one['resultType'] === 'complete').length, 1, JSON.stringify(racing));
  sawOnly('prod', 'execute');
  for (const more of [last, first, { requestState: 'x' }])
    assert.notEqual((await call('a', more))['resultType'], 'complete');
  sawOnly('prod', 'execute');
});

test('a ticket dies with the gateway, and with its ten minutes', async (t) => {
  verifies('NEW-003');
  const { guarded, onSocket, sawOnly } = await openAttacked(t, { prod: 'prod' });
  const { home, desk } = guarded;
  const client = await onSocket();
  const call = { name: 'db_prod_execute', arguments: {} };
  const ticket = ticketOf(await client.request('tools/call', call));
  await desk.allowNext();
  await desk.host.close();
  await openDesk(t, home);
  const again = await onSocket();
  const resume = { name: 'nucleus_resume', arguments: { ticket } };
  assert.equal(codeOf(await again.request('tools/call', resume)), 'TICKET_UNKNOWN');
  assert.equal(codeOf(await again.request('tools/call', call)), 'APPROVAL_PENDING', 'nor is the yes kept');
  sawOnly('prod');

  const clock = createFakeClock();
  const tickets = createTickets({ clock });
  const waiting = { principal: 'local' } as Call;
  for (const [minutes, isThere] of [
    [9.9, true],
    [10, false],
  ] as const) {
    const made = tickets.make();
    tickets.keep(made, waiting);
    await clock.advance(minutes * 60_000);
    assert.equal(tickets.take(made, 'local') !== null, isThere, `after ${minutes} minutes`);
  }
});
