// What a client is shown, by where it asks and with which token.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import test, { before } from 'node:test';
import { wordyTools } from '../fixtures/wordy-tools.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { addClient, ask, openSession, rpc, toolCall, urlOf } from '../helpers/http.ts';
import { verifies } from '../helpers/requirements.ts';
import { startWordy, type Wordy } from '../helpers/wordy.ts';

const scope = createScope();
const home = createHome(scope);
const ownTools = ['nucleus_find_tool', 'nucleus_call', 'nucleus_read', 'nucleus_call_plan'];
let wordy: Wordy;

before(async () => {
  wordy = await startWordy(scope, home, ['forge']);
});

test('what is listed depends on the address and the token, not on the connection', async (t) => {
  verifies('NEW-014');
  const base = await urlOf(wordy.gateway);
  const everybody = await addClient(wordy.gateway, 'everybody');
  const narrow = await addClient(wordy.gateway, 'narrow', ['forge:prod']);
  await wordy.gateway.ask('workspaces.add', { folder: home.user, name: 'everywhere' });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());

  /** The result of a list as it was sent, in five ways to ask for it. */
  const lists = async (path: string, token: string): Promise<string[]> => {
    const session = await openSession(base, { path, token });
    const other = { headers: { 'user-agent': 'other/2.0', 'mcp-session-id': session } };
    const asked = [{}, { agent }, { agent }, { session }, other];
    const bodies: string[] = [];
    for (const more of asked) {
      const { status, body } = await ask(base, rpc('tools/list'), { path, token, ...more });
      assert.equal(status, 200);
      bodies.push(body.replace(/^event: message\n(?:id: .*\n)?data: |\n+$/g, ''));
      // What was called before makes no difference either.
      const name = path.startsWith('/p/') ? 'get_me' : 'forge_prod_get_me';
      await ask(base, toolCall(name), { path, token, ...more });
    }
    return [...new Set(bodies)];
  };
  const namesAt = async (path: string, token: string): Promise<string[]> => {
    const [body = '', ...others] = await lists(path, token);
    assert.deepEqual(others, [], `${path} differs`);
    const { result } = JSON.parse(body) as { result: { tools: { name: string }[] } };
    return result.tools.map(({ name }) => name);
  };
  const ownNames = (wordyTools['forge'] ?? []).map(({ name }) => name);
  const merged = [...ownNames.map((name) => `forge_${name}`), ...ownTools];
  const ofProd = [...ownNames.map((name) => `forge_prod_${name}`), ...ownTools];
  assert.deepEqual(await namesAt('/mcp', everybody), merged);
  assert.deepEqual(await namesAt('/w/everywhere/mcp', everybody), merged);
  assert.deepEqual(await namesAt('/mcp', narrow), ofProd);
  assert.deepEqual(await namesAt('/w/everywhere/mcp', narrow), ofProd);
  for (const token of [everybody, narrow])
    assert.deepEqual(await namesAt('/p/forge:prod/mcp', token), ownNames);
  const outside = await ask(base, rpc('tools/list'), { path: '/p/forge:dev/mcp', token: narrow });
  assert.equal(outside.status, 403);
  // Neither by another name nor by a meta-tool does the narrow token reach further.
  const before = wordy.calls();
  for (const call of [
    toolCall('forge_dev_get_me'),
    toolCall('forge_get_me', { profile: 'dev' }),
    toolCall('nucleus_call', { name: 'forge_dev_get_me', arguments: {} }),
    toolCall('execute', { name: 'forge_dev_get_me', arguments: {} }),
  ]) {
    const { message } = await ask(base, call, { token: narrow });
    assert.ok(message.error ?? message.result?.['isError'], JSON.stringify(call));
  }
  assert.equal(wordy.calls(), before);
});
