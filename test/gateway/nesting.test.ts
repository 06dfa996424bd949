// Messages nested more deeply than JSON can be written: whoever sends them loses them, and nobody else anything.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { attach, startGateway, type Attached, type Gateway } from '../helpers/client.ts';
import { createHome, createScope } from '../helpers/home.ts';

const scope = createScope();
const home = createHome(scope);
const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
let gateway: Gateway;
let client: Attached;

before(async () => {
  gateway = await startGateway(scope, home);
  const script = join(import.meta.dirname, '..', 'fixtures', 'deep-upstream.ts');
  const launch = { command: process.execPath, args: [script] };
  await gateway.ask('profiles.add', { connector: 'deep', name: 'one', launch });
  client = await attach(scope, home);
  await client.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'deep-client', version: '1.0.0' },
  });
});

const call = (id: number, name: string): void =>
  client.send({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: `deep_one_${name}`, arguments: {} },
  });
const answerTo = (id: number) => client.next(`the answer to ${id}`, (message) => message.id === id);

test('what an upstream says in a call and outside of any ends nothing', async () => {
  for (const [index, name] of ['log', 'news', 'log'].entries()) {
    call(100 + index, name);
    assert.ok('result' in (await answerTo(100 + index)), name);
  }
  assert.equal((await gateway.status()).pid, gateway.pid);
});

test('a question is taken back, and a call cancelled, without what was said beside it', async () => {
  call(200, 'question');
  const asked = await client.next('the question', ({ method }) => method === 'elicitation/create');
  client.send(
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"${String(asked.id)}","progress":1,"deep":${deep}}}`,
  );
  client.send({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: asked.id, progress: 2 },
  });
  const cancelled = await client.next(
    'it is taken back',
    ({ method }) => method === 'notifications/cancelled',
  );
  assert.deepEqual(cancelled.params, { requestId: asked.id, reason: 'taken back' });
  client.send(
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":200,"deep":${deep}}}`,
  );
  call(201, 'log');
  assert.ok('result' in (await answerTo(201)));
  assert.equal((await gateway.status()).pid, gateway.pid);
});
