// Who Nucleus is at an authorization server: its metadata document, taken or refused, and registering instead.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import type { SignInState } from '../../src-shared/sign-in.ts';
import { attach, startGateway, textOf, type Attached, type Gateway } from '../helpers/client.ts';
import { browse, browseBack } from '../helpers/browse.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleus, passphrase } from '../helpers/nucleus.ts';
import { bodyOf, json } from '../helpers/sign-in-server.ts';
import { addGuarded, begin, ended, pageOf, startWorld, type SignInWorld } from '../helpers/sign-in-world.ts';
import { until } from '../helpers/until.ts';

const documentUrl = 'https://nucleus.test/client.json';
const scope = createScope();
const home = createHome(scope, `[sign_in]\nclient_metadata_url = "${documentUrl}"\n`);
let gateway: Gateway;
let client: Attached;

before(async () => {
  gateway = await startGateway(scope, home, passphrase(home));
  client = await attach(scope, home);
  await client.initialize();
});

const good = {
  client_id: documentUrl,
  client_name: 'Nucleus',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

async function startDocumentWorld(document: string | object): Promise<SignInWorld> {
  const world = await startWorld(scope);
  world.authorization.documents.set(
    documentUrl,
    typeof document === 'string' ? document : JSON.stringify(document),
  );
  return world;
}

/** The page after the one that was shown before. */
function nextPage(profile: string, before: string): Promise<SignInState> {
  return until('another page is shown', async () => {
    const state = (await gateway.ask('signIn.list', {})).find((one) => one.profile === profile);
    return state?.phase === 'failed' ? state : state?.url != null && state.url !== before && state;
  });
}

test('a metadata document is taken in the place of a registration', async () => {
  const world = await startDocumentWorld(good);
  await addGuarded(gateway, 'document:work', world);
  const state = await begin(gateway, 'document:work');
  await browseBack(pageOf(state));
  assert.equal((await ended(gateway, state)).phase, 'done');
  const { registrations, tokenRequests } = world.authorization;
  assert.deepEqual([registrations.length, tokenRequests[0]?.get('client_id')], [0, documentUrl]);
});

const broken = {
  'names another client': { ...good, client_id: 'https://nucleus.test/other.json' },
  'is larger than may be': { ...good, client_name: 'x'.repeat(6 * 1024) },
  'sends people elsewhere': { ...good, redirect_uris: ['http://127.0.0.1/elsewhere'] },
  'is none': '<html>',
};

for (const [index, [what, document]] of Object.entries(broken).entries())
  test(`a document that ${what} is refused on a page of the service, and nothing comes back`, async () => {
    const world = await startDocumentWorld(document);
    const id = `broken${index}:work`;
    await addGuarded(gateway, id, world);
    const state = await begin(gateway, id);
    await assert.rejects(browse(pageOf(state)), /the browser stands at .*: HTTP 400/);
    await gateway.ask('signIn.cancel', { profile: id });
    const { problem } = await ended(gateway, state);
    assert.equal(problem?.code, 'SIGN_IN_CANCELLED');
    assert.deepEqual([world.authorization.issued, world.authorization.tokenRequests], [[], []]);
  });

test('a document that is not encrypted is refused with the configuration', async (t) => {
  const open = createHome(t, '[sign_in]\nclient_metadata_url = "http://nucleus.test/client.json"\n');
  const { code, stderr } = await nucleus(open, ['list']);
  assert.equal(code, 2);
  assert.match(stderr, /config\.toml:2:\d+: .*client_metadata_url.*must be an https address/);
});

// makenotion (claude-code#52961 by way of #65752, 2026-06-05): says that it takes documents, and does not.
test('notion (documented behaviour of 2026-06-05): a document that is refused where people sign in', async () => {
  const world = await startDocumentWorld(good);
  world.authorization.answer = (path, { url = '' }, response) => {
    const { searchParams } = new URL(url, world.authorization.issuer);
    if (path !== '/auth' || searchParams.get('client_id') !== documentUrl) return false;
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    back.searchParams.set('error', 'invalid_client');
    back.searchParams.set('iss', world.authorization.issuer);
    back.searchParams.set('state', searchParams.get('state') ?? '');
    response.writeHead(302, { location: back.href });
    response.end();
    return true;
  };
  await fallsBack(world, 'refusedpage:work');
});

test('a document that is refused where tokens are given out', async () => {
  const world = await startDocumentWorld(good);
  let refused = 0;
  const { authorization } = world;
  // Real up to the code; then the token endpoint turns this client down.
  authorization.answer = (path, request, response) => {
    if (path !== '/token' || refused > 0) return false;
    refused += 1;
    void bodyOf(request).then((body) => {
      assert.equal(new URLSearchParams(body).get('client_id'), documentUrl);
      json(response, 401, { error: 'invalid_client' });
    });
    return true;
  };
  await fallsBack(world, 'refusedtoken:work');
  assert.equal(refused, 1);
});

/** It registers instead, once, and what was sent with the first page is of no use to the second. */
async function fallsBack(world: SignInWorld, id: string): Promise<void> {
  await addGuarded(gateway, id, world);
  const state = await begin(gateway, id);
  const first = pageOf(state);
  assert.equal(new URL(first).searchParams.get('client_id'), documentUrl);
  await browseBack(first);
  const second = pageOf(await nextPage(id, first));
  assert.notEqual(new URL(second).searchParams.get('client_id'), documentUrl);
  for (const name of ['state', 'code_challenge', 'nonce'])
    assert.notEqual(new URL(second).searchParams.get(name), new URL(first).searchParams.get(name), name);
  await browseBack(second);
  const { phase, problem } = await ended(gateway, state);
  assert.equal(phase, 'done', problem?.message);
  assert.equal(world.authorization.registrations.length, 1);
  assert.equal(textOf(await client.call(`${id.replace(':', '_')}_whoami`, {})), 'alice');
}
