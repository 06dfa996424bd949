// A person who is asked by the client they use, where a rule takes that, in both eras of the protocol.
import assert from 'node:assert/strict';
import { setTimeout as reading } from 'node:timers/promises';
import test from 'node:test';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { nucleusErrorOf, textOf } from '../helpers/client.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { nucleusBin } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

type Answer =
  | { readonly action: 'accept'; readonly content: Record<string, string | boolean> }
  | { readonly action: 'decline' | 'cancel' };
type Era = 'legacy' | 'modern';

/** A client of an era whose person answers so, and what they were asked. */
async function connect(t: test.TestContext, { home }: Guarded, era: Era, answer: () => Promise<Answer>) {
  const asked: string[] = [];
  const say = (message: unknown): Promise<Answer> => {
    asked.push(String(message));
    return answer();
  };
  const info = { name: `${era}-asked`, version: '1.0.0' };
  const command = {
    command: nucleusBin,
    args: ['serve'],
    env: { ...home.env },
    cwd: home.user,
    stderr: 'ignore' as const,
  };
  const call = async (name: string, args: Record<string, string> = {}): Promise<unknown> =>
    client.callTool({ name, arguments: args });
  let client: LegacyClient | ModernClient;
  if (era === 'legacy') {
    client = new LegacyClient(info, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => say(params.message));
    await client.connect(new LegacyTransport(command));
  } else {
    const modern = new ModernClient(info, {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      capabilities: { elicitation: { form: {} } },
    });
    modern.setRequestHandler('elicitation/create', ({ params }) => say(params.message));
    await modern.connect(new ModernTransport(command));
    client = modern;
  }
  t.after(() => client.close());
  return { asked, call };
}

const rule = (via: string): string =>
  `[[rule]]\nmatch = "db:prod"\nconfirm = ["execute"]\napprove = "human"\napprove_via = [${via}]\n`;
/** As long as a person needs at least. */
const read = 450;
const yes = async (): Promise<Answer> => {
  await reading(read);
  return { action: 'accept', content: { allow: true } };
};

for (const era of ['legacy', 'modern'] as const) {
  test(`${era}: a rule that takes it is answered in the client, once for each call`, async (t) => {
    verifies('NEW-002');
    const guarded = await openGuarded(t, { prod: null }, { policy: rule('"client"'), isAttended: false });
    const { asked, call } = await connect(t, guarded, era, yes);
    const result = await call('db_prod_execute', { query: 'x' });
    assert.equal(nucleusErrorOf(result), undefined, textOf(result));
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? '', /wants to run execute on db:prod[^]*"query": "x"/);
    await call('db_prod_execute', { query: 'x' });
    assert.equal(asked.length, 2);
    assert.deepEqual(guarded.reached('prod'), ['execute', 'execute']);
  });

  test(`${era}: a no there, an empty yes and a form that is closed are no yes`, async (t) => {
    const guarded = await openGuarded(t, { prod: null }, { policy: rule('"client"'), isAttended: false });
    const answers: Answer[] = [
      { action: 'decline' },
      { action: 'accept', content: {} },
      { action: 'accept', content: { allow: false } },
      { action: 'cancel' },
    ];
    const { call, asked } = await connect(t, guarded, era, async () => {
      await reading(read);
      return answers.shift() as Answer;
    });
    for (let left = answers.length; left > 0; left -= 1)
      assert.equal(nucleusErrorOf(await call('db_prod_execute'))?.code, 'APPROVAL_REFUSED');
    assert.equal(asked.length, 4);
    assert.deepEqual(guarded.reached('prod'), []);
  });

  test(`${era}: where the rule does not take it, the client is not asked for a yes`, async (t) => {
    const guarded = await openGuarded(
      t,
      { prod: null },
      { policy: '[[rule]]\nmatch = "db:prod"\nconfirm = ["execute"]\napprove = "human"\n' },
    );
    const { call, asked } = await connect(t, guarded, era, yes);
    const waiting = call('db_prod_execute');
    const { id, via } = await guarded.desk.question();
    assert.deepEqual(via, ['app', 'terminal', 'system']);
    await until('a no that counts', () => guarded.desk.deny(id));
    assert.equal(nucleusErrorOf(await waiting)?.code, 'APPROVAL_REFUSED');
    assert.deepEqual(asked, []);
  });
}

test('a yes of a host that answers by itself comes too fast and does not count', async (t) => {
  verifies('NEW-002');
  const guarded = await openGuarded(t, { prod: null }, { policy: rule('"client", "app"') });
  const { call } = await connect(t, guarded, 'legacy', () =>
    Promise.resolve({ action: 'accept', content: { allow: true } }),
  );
  const waiting = call('db_prod_execute');
  const { id } = await guarded.desk.question();
  await until('a no that counts', () => guarded.desk.deny(id));
  assert.equal(nucleusErrorOf(await waiting)?.code, 'APPROVAL_REFUSED');
  assert.deepEqual(guarded.reached('prod'), []);
});

test('a modern client that can be asked is told to wait by a question, and the call runs once after the yes', async (t) => {
  verifies('NEW-003');
  const guarded = await openGuarded(
    t,
    { prod: 'prod' },
    { config: '[http]\nenabled = false\n[approval]\npark_after = "1s"\n' },
  );
  const { desk, reached } = guarded;
  const goOn = Promise.withResolvers<Answer>();
  const { call, asked } = await connect(t, guarded, 'modern', () => goOn.promise);
  const waiting = call('db_prod_execute');
  await until('the client is told to wait', () => asked.length === 1);
  assert.match(asked[0] ?? '', /A person has to allow execute on db:prod in Nucleus/);
  assert.deepEqual(reached('prod'), []);
  await desk.allowNext();
  goOn.resolve({ action: 'accept', content: {} });
  assert.equal(nucleusErrorOf(await waiting), undefined);
  assert.deepEqual(reached('prod'), ['execute']);
});

test('which account is meant can be said in the client', async (t) => {
  verifies('NEW-033');
  const guarded = await openGuarded(
    t,
    { one: null, two: null },
    { config: '[http]\nenabled = false\n[surface]\nmode = "merged"\n', isAttended: false },
  );
  const { call, asked } = await connect(t, guarded, 'legacy', async () => {
    await reading(read);
    return { action: 'accept', content: { account: 'db:two' } };
  });
  await call('db_execute');
  await call('db_execute');
  assert.equal(asked.length, 1);
  assert.deepEqual([guarded.reached('one'), guarded.reached('two')], [[], ['execute', 'execute']]);
});
