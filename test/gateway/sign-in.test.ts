// Signing in to upstreams: a real authorization server, guarded MCP servers, and a scripted browser.
import assert from 'node:assert/strict';
import test, { before, describe } from 'node:test';
import { attach, startGateway, textOf, type Attached, type Gateway } from '../helpers/client.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { browseBack, startResourceServer, startSignInServer } from '../helpers/sign-in-server.ts';

const scope = createScope();
const home = createHome(scope);
const env = passphrase(home);
let gateway: Gateway;
let client: Attached;

before(async () => {
  gateway = await startGateway(scope, home, env);
  client = await attach(scope, home);
  await client.initialize();
});

test('a person signs in once, and calls go on when the token is renewed', async () => {
  verifies('NUC-117');
  const authorization = await startSignInServer(scope);
  const server = await startResourceServer(scope, authorization);
  const { probe } = await gateway.ask('profiles.add', { connector: 'first', name: 'work', url: server.url });
  assert.equal(probe?.ok === false && probe.code, 'SIGN_IN_REQUIRED');
  const { id, url, phase } = await gateway.ask(
    'signIn.begin',
    { profile: 'first:work', how: 'manual' },
    20_000,
  );
  assert.equal(phase, 'waiting');
  const page = await browseBack(url ?? '');
  assert.equal(page.status, 200);
  const state = await gateway.ask('signIn.wait', { id }, 20_000);
  assert.deepEqual(state.problem, null);
  assert.equal(state.account, 'alice@example.com');
  assert.equal(textOf(await client.call('first_work_whoami', {})), 'alice');
});
