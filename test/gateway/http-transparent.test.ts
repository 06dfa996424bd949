// `/p/<connector>:<name>/mcp`: one account as its own server shows it.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { startGateway, textOf, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { addClient, ask, initialize, openSession, rpc, stream, toolCall, urlOf } from '../helpers/http.ts';
import { createLines } from '../helpers/lines.ts';
import { verifies } from '../helpers/requirements.ts';
import { spawn } from 'node:child_process';

const scope = createScope();
const home = createHome(scope);
const flags = ['--odd-schemas', '--prompts', '--resources'] as const;
const odd = createFake(home, 'odd', ...flags);
const path = '/p/fake:odd/mcp';
let gateway: Gateway;
let base: string;
let token: string;

before(async () => {
  gateway = await startGateway(scope, home);
  await gateway.add(odd);
  await gateway.add(createFake(home, 'other'));
  base = await urlOf(gateway);
  token = await addClient(gateway, 'laptop');
});

test('names, addresses, definitions and the greeting are the upstream’s own', async (t) => {
  verifies('NUC-105');
  const [script = ''] = odd.launch.args;
  const child = spawn(odd.launch.command, [script, '--name', 'odd', ...flags]);
  t.after(() => child.kill());
  const direct = createLines(child.stdout, child.stdin);
  const own = await direct.initialize();

  const greeted = (await ask(base, initialize(), { token, path })).message.result ?? {};
  assert.deepEqual(greeted['serverInfo'], own['serverInfo']);
  assert.equal(greeted['instructions'], 'instructions of odd');
  assert.equal(greeted['protocolVersion'], '2025-11-25');
  assert.deepEqual(Object.keys(greeted['capabilities'] as object), ['tools', 'prompts', 'resources']);
  for (const list of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'])
    assert.deepEqual(
      (await ask(base, rpc(list), { token, path })).message.result,
      await direct.ask(list),
      list,
    );

  const uri = 'fake://odd/readme';
  const read = await ask(base, rpc('resources/read', { uri }), { token, path });
  assert.match(read.body, /odd reads fake:\/\/odd\/readme/);
  const prompt = await ask(base, rpc('prompts/get', { name: 'greet', arguments: { who: 'you' } }), {
    token,
    path,
  });
  assert.match(prompt.body, /\[\\"greet\\",/);
  // A name that was never listed is the upstream's to judge.
  const unlisted = await ask(base, toolCall('nowhere'), { token, path });
  assert.equal(textOf(unlisted.message.result), 'no tool nowhere');
});

test('a session there hears what its own account changes, and of no other', async (t) => {
  const session = await openSession(base, { token, path: '/p/fake:other/mcp' });
  const mine = { token, session, path: '/p/fake:other/mcp' };
  const news = await stream(t, base, null, mine);
  await gateway.add(createFake(home, 'third', '--tools', '1'));
  const { message } = await ask(base, toolCall('add_tool', { name: 'of_its_own' }), mine);
  assert.equal(textOf(message.result), 'added');
  await news.next('the news', ({ method }) => method === 'notifications/tools/list_changed');
  assert.match((await ask(base, rpc('tools/list'), mine)).body, /"name":"of_its_own"/);
  assert.equal(news.seen.length, 1);
});

test('the colon may be written as %3A, and the same account is meant', async () => {
  for (const same of ['/p/fake%3Aodd/mcp', '/p/fake%3aodd/mcp', `${path}?query=ignored`]) {
    const { status, body } = await ask(base, rpc('tools/list'), { token, path: same });
    assert.equal(status, 200, same);
    assert.match(body, /odd_minimal/);
  }
});

test('a path that means no account is 404, one the token may not see 403', async () => {
  const bound = await addClient(gateway, 'bound', ['fake:other']);
  const answers: readonly (readonly [token: string, path: string, status: number, code: string])[] = [
    [token, '/p/fake:none/mcp', 404, 'PROFILE_UNKNOWN'],
    [token, '/p/fake/mcp', 404, 'PROFILE_UNKNOWN'],
    [token, '/p/__proto__/mcp', 404, 'PROFILE_UNKNOWN'],
    [token, '/p/fake:odd%2Fmcp/mcp', 404, 'PROFILE_UNKNOWN'],
    [token, '/p/fake:odd%00/mcp', 404, 'PROFILE_UNKNOWN'],
    [token, '/p/%E0%A4%A/mcp', 404, 'PATH_UNKNOWN'],
    [token, '/p//mcp', 404, 'PATH_UNKNOWN'],
    [token, '/p/fake:odd', 404, 'PATH_UNKNOWN'],
    [token, '/p/fake:odd/mcp/', 404, 'PATH_UNKNOWN'],
    [bound, path, 403, 'VIEW_REFUSED'],
    // Whether there is such an account is none of its business either.
    [bound, '/p/fake:none/mcp', 403, 'VIEW_REFUSED'],
    [bound, '/p/fake:other/mcp', 200, ''],
  ];
  for (const [who, where, status, code] of answers)
    for (const message of [rpc('tools/list'), initialize()]) {
      const answer = await ask(base, message, { token: who, path: where });
      assert.equal(answer.status, status, where);
      if (status === 200) continue;
      assert.ok(answer.body.includes(`"code":"${code}"`), `${where}: ${answer.body}`);
    }
  const { body } = await ask(base, rpc('tools/list'), { token: bound });
  assert.match(body, /fake_other_/);
  assert.doesNotMatch(body, /fake_odd_/);
  const refused = await ask(base, toolCall('fake_odd_odd_minimal'), { token: bound });
  assert.equal(refused.message.error?.code, -32_602);
  assert.deepEqual(
    odd.received('tools/call').filter(({ message }) => message?.params?.['name'] === 'odd_minimal'),
    [],
  );
});
