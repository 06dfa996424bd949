// What waits for a person, through real clients before real servers and a person before the app.
import assert from 'node:assert/strict';
import test from 'node:test';
import { attach, nucleusErrorOf, textOf, type Attached } from '../helpers/client.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { nucleus } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const parkSoon = '[http]\nenabled = false\n[approval]\npark_after = "1s"\n';
const onProd = '[[rule]]\nmatch = "db:prod"\nconfirm = ["execute"]\nphrase = "db:prod"\napprove = "human"\n';

async function open(t: test.TestContext, { home }: Guarded): Promise<Attached> {
  const client = await attach(t, home);
  await client.initialize();
  return client;
}

const codeOf = (result: unknown): string | undefined => nucleusErrorOf(result)?.code;
const ticketOf = (result: Record<string, unknown>): string =>
  ((result['_meta'] as Record<string, Record<string, string>>)['dev.nucleus/error'] ?? {})['ticket'] ?? '';

test('on prod what writes waits for a person, and nothing else is asked', async (t) => {
  verifies('NEW-002', 'NEW-004', 'FIX-014');
  const guarded = await openGuarded(t, { prod: 'prod', staging: 'staging', dev: 'dev', none: null });
  const { desk, reached } = guarded;
  const client = await open(t, guarded);
  for (const account of ['staging', 'dev', 'none'])
    assert.equal(codeOf(await client.call(`db_${account}_execute`, {})), undefined, account);
  assert.equal(codeOf(await client.call('db_prod_list_things', {})), undefined);
  assert.equal(codeOf(await client.call('db_dev_drop_everything', {})), undefined);
  const writes = client.call('db_prod_execute', { query: 'x' });
  const asked = await desk.question();
  assert.deepEqual(
    [asked.profile, asked.env, asked.tool, asked.client, asked.arguments, asked.effect.does],
    ['db:prod', 'prod', 'execute', 'line-client', '{\n  "query": "x"\n}', 'writes'],
  );
  assert.equal(await desk.allow(asked.id), false, 'too fast to have been read');
  await until('a yes that counts', () => desk.allow(asked.id));
  assert.equal(codeOf(await writes), undefined);
  const destroys = client.call('db_staging_drop_everything', {});
  const second = await desk.question();
  assert.equal(second.env, 'staging');
  await until('a no that counts', () => desk.deny(second.id));
  assert.equal(codeOf(await destroys), 'APPROVAL_REFUSED');
  assert.match(textOf(await destroys), /a person refused drop_everything on db:staging/);
  assert.deepEqual([reached('prod'), reached('staging')], [['list_things', 'execute'], ['execute']]);
});

test('a phrase is no yes of a person, and a yes is for this call only', async (t) => {
  verifies('NEW-002', 'FIX-014');
  const guarded = await openGuarded(t, { prod: null }, { policy: onProd });
  const { desk, reached } = guarded;
  const client = await open(t, guarded);
  const said = client.call('db_prod_execute', { __nucleus_confirm: 'db:prod' });
  await until('a no that counts', async () => desk.deny((await desk.question()).id));
  assert.equal(codeOf(await said), 'APPROVAL_REFUSED');
  // Two of the same race for one yes.
  const both = [
    client.call('db_prod_execute', { query: 'a' }),
    client.call('db_prod_execute', { query: 'a' }),
  ];
  await desk.allowNext();
  const codes = (await Promise.all(both)).map(codeOf);
  assert.deepEqual(new Set(codes), new Set(['APPROVAL_REFUSED', undefined]));
  assert.deepEqual(reached('prod'), ['execute']);
  // The same again, and one with other arguments, are asked for anew.
  for (const query of ['a', 'b']) {
    const again = client.call('db_prod_execute', { query });
    await until('a no that counts', async () => desk.deny((await desk.question()).id));
    assert.equal(codeOf(await again), 'APPROVAL_REFUSED');
  }
  assert.deepEqual(reached('prod'), ['execute']);
});

test('with nobody to ask a call is refused, and told how somebody can be asked', async (t) => {
  verifies('FIX-014');
  const guarded = await openGuarded(t, { prod: 'prod' }, { isAttended: false });
  const client = await open(t, guarded);
  const refused = await client.call('db_prod_execute', {});
  assert.equal(codeOf(refused), 'APPROVAL_REFUSED');
  assert.match(textOf(refused), /open the Nucleus app, or set an approval PIN with nucleus pin set/);
  assert.deepEqual(guarded.reached('prod'), []);
});

test('who waits too long gets a ticket, and the ticket runs the call once, after a yes', async (t) => {
  verifies('NEW-003');
  const guarded = await openGuarded(t, { prod: 'prod' }, { config: parkSoon });
  const { desk, reached } = guarded;
  const client = await open(t, guarded);
  const listed = async (): Promise<boolean> =>
    ((await client.ask('tools/list'))['tools'] as { name: string }[]).some(
      ({ name }) => name === 'nucleus_resume',
    );
  assert.equal(await listed(), true);
  const parked = await client.call('db_prod_execute', { query: 'x' });
  assert.equal(codeOf(parked), 'APPROVAL_PENDING');
  const ticket = ticketOf(parked);
  assert.match(textOf(parked), new RegExp(`nucleus_resume with ticket ${ticket}`));
  assert.equal((await desk.question()).isParked, true);
  // Too early it waits on, under the same ticket.
  const early = await client.call('nucleus_resume', { ticket });
  assert.deepEqual([codeOf(early), ticketOf(early)], ['APPROVAL_PENDING', ticket]);
  assert.deepEqual(reached('prod'), []);
  await desk.allow((await desk.question()).id);
  const other = await open(t, guarded);
  const [one, two] = await Promise.all([
    client.call('nucleus_resume', { ticket }),
    other.call('nucleus_resume', { ticket }),
  ]);
  assert.deepEqual(new Set([codeOf(one), codeOf(two)]), new Set(['TICKET_UNKNOWN', undefined]));
  assert.deepEqual(reached('prod'), ['execute']);
  assert.equal(codeOf(await client.call('nucleus_resume', { ticket })), 'TICKET_UNKNOWN');
  assert.equal(codeOf(await client.call('nucleus_resume', { ticket: 'x' })), 'TICKET_UNKNOWN');
  // One that was refused meanwhile is told so.
  const second = ticketOf(await client.call('db_prod_execute', { query: 'y' }));
  await desk.deny((await desk.question()).id);
  assert.equal(codeOf(await client.call('nucleus_resume', { ticket: second })), 'APPROVAL_REFUSED');
  assert.deepEqual(reached('prod'), ['execute']);
});

test('where nothing can be asked there is nothing to come back with', async (t) => {
  verifies('NEW-003');
  const guarded = await openGuarded(t, { dev: 'dev' });
  const client = await open(t, guarded);
  const names = ((await client.ask('tools/list'))['tools'] as { name: string }[]).map(({ name }) => name);
  assert.ok(!names.includes('nucleus_resume'));
  guarded.policy('[[rule]]\nmatch = "db:dev"\napprove = "human"\n');
  await until('the tool is listed', async () =>
    ((await client.ask('tools/list'))['tools'] as { name: string }[]).some(
      ({ name }) => name === 'nucleus_resume',
    ),
  );
});

test('a client that cancels takes its question along', async (t) => {
  const guarded = await openGuarded(t, { prod: 'prod' });
  const client = await open(t, guarded);
  client.send({ jsonrpc: '2.0', id: 77, method: 'tools/call', params: { name: 'db_prod_execute' } });
  await guarded.desk.question();
  client.notify('notifications/cancelled', { requestId: 77 });
  await until('no question waits', async () => (await guarded.desk.waiting()).length === 0);
  assert.deepEqual(guarded.reached('prod'), []);
});

test('a yes for a time or a number of calls ends, is listed, and is taken back', async (t) => {
  verifies('NEW-018');
  const guarded = await openGuarded(t, { prod: 'prod' });
  const { desk, reached, gateway, home } = guarded;
  const client = await open(t, guarded);
  const grantNext = async (query: string, calls: number | null): Promise<unknown> => {
    const call = client.call('db_prod_execute', { query });
    const { id } = await desk.question();
    const grant = { scope: 'tool', minutes: 15, calls, isKept: false } as const;
    await until('a yes that counts', () => desk.allow(id, { grant }));
    return call;
  };
  await grantNext('1', 2);
  for (const query of ['2', '3'])
    assert.equal(codeOf(await client.call('db_prod_execute', { query })), undefined);
  const fourth = client.call('db_prod_execute', { query: '4' });
  await until('a no that counts', async () => desk.deny((await desk.question()).id));
  assert.equal(codeOf(await fourth), 'APPROVAL_REFUSED');
  await grantNext('5', null);
  assert.equal(codeOf(await client.call('db_prod_execute', { query: '6' })), undefined);
  const [grant] = await gateway.ask('approvals.grants', {});
  assert.deepEqual(
    [grant?.profile, grant?.tool, grant?.client, grant?.callsLeft],
    ['db:prod', 'execute', 'line-client', null],
  );
  // It covers neither what does more nor another client.
  const drops = client.call('db_prod_drop_everything', {});
  await until('a no that counts', async () => desk.deny((await desk.question()).id));
  await drops;
  const listed = await nucleus(home, ['approvals', 'grants']);
  assert.match(listed.stdout, /db:prod/);
  assert.equal((await nucleus(home, ['approvals', 'revoke', grant?.id ?? ''])).code, 0);
  const after = client.call('db_prod_execute', { query: '7' });
  await until('a no that counts', async () => desk.deny((await desk.question()).id));
  assert.equal(codeOf(await after), 'APPROVAL_REFUSED');
  assert.deepEqual(reached('prod'), Array(5).fill('execute'));
});

test('locked, every call is refused and every server ends, until a person unlocks', async (t) => {
  verifies('NEW-019');
  const guarded = await openGuarded(t, { prod: 'prod', dev: 'dev' }, { fake: ['--resources', '--prompts'] });
  const { desk, gateway, home, reached, fakes } = guarded;
  const client = await open(t, guarded);
  await client.call('db_dev_execute', {});
  const waiting = client.call('db_prod_execute', {});
  await desk.question();
  const starts = (): number => Object.values(fakes).flatMap((fake) => fake.starts()).length;
  assert.equal((await nucleus(home, ['lock'])).code, 0);
  assert.equal(codeOf(await waiting), 'APPROVAL_REFUSED', 'a question that waited counts as no');
  await until('every server has ended', async () =>
    (await gateway.status()).upstreams.every(({ pid }) => pid === null),
  );
  const before = starts();
  for (const name of ['db_dev_execute', 'db_dev_list_things', 'db_prod_list_things'])
    assert.equal(codeOf(await client.call(name, {})), 'LOCKED', name);
  const prompt = await client.request('prompts/get', { name: 'db_dev_greet', arguments: {} });
  assert.match(prompt.error?.message ?? '', /everything is locked|unknown prompt/);
  assert.equal(starts(), before);
  assert.notEqual((await gateway.status()).lockedAt, null);
  await desk.host.person.lock.release({}, { signal: new AbortController().signal });
  assert.equal(codeOf(await client.call('db_dev_execute', {})), undefined);
  assert.deepEqual(reached('prod'), []);
});

test('a write that names no account is asked for once, and the answer stays with the conversation', async (t) => {
  verifies('NEW-033');
  const guarded = await openGuarded(
    t,
    { one: 'dev', two: 'dev' },
    { config: '[http]\nenabled = false\n[surface]\nmode = "merged"\n' },
  );
  const { desk, reached } = guarded;
  const client = await open(t, guarded);
  // What reads is for the model to name.
  assert.match(textOf(await client.call('db_list_things', {})), /must name the account of db/);
  const writes = client.call('db_execute', {});
  const asked = await desk.question();
  assert.deepEqual(
    [asked.kind, asked.profile, asked.choices.map(({ profile }) => profile).toSorted()],
    ['account', 'db', ['db:one', 'db:two']],
  );
  await until('an answer that counts', () => desk.allow(asked.id, { choice: 'db:two' }));
  assert.equal(codeOf(await writes), undefined);
  assert.equal(codeOf(await client.call('db_execute', {})), undefined);
  assert.deepEqual([reached('one'), reached('two')], [[], ['execute', 'execute']]);
  const other = await open(t, guarded);
  const again = other.call('db_execute', {});
  const second = await desk.question();
  await until('an answer that counts', () => desk.allow(second.id, { choice: 'db:one' }));
  await again;
  assert.deepEqual(reached('one'), ['execute']);
});
