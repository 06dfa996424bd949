// Signing in to upstreams: a real authorization server, guarded MCP servers, and a scripted browser.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import test, { before } from 'node:test';
import {
  attach,
  nucleusErrorOf,
  startGateway,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { passphrase } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { browse, browseBack } from '../helpers/browse.ts';
import { json, startResourceServer } from '../helpers/sign-in-server.ts';
import { addGuarded, begin, ended, pageOf, signedIn, signIn, startWorld } from '../helpers/sign-in-world.ts';

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

const whoami = (profile: string): Promise<unknown> => client.call(`${profile.replace(':', '_')}_whoami`, {});

test('a person signs in: found out, registered as a native app, with PKCE and the resource, and calls go through', async () => {
  verifies('NUC-117');
  const world = await startWorld(scope);
  const { authorization, server } = world;
  await addGuarded(gateway, 'first:work', world);
  const state = await begin(gateway, 'first:work');
  const page = new URL(pageOf(state));
  assert.equal(page.searchParams.get('code_challenge_method'), 'S256');
  assert.equal(page.searchParams.get('resource'), server.url);
  assert.match(page.searchParams.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  assert.equal(page.searchParams.get('scope'), 'mcp:tools openid offline_access');
  const [registration] = authorization.registrations;
  assert.equal(registration?.['application_type'], 'native');
  assert.equal(registration?.['token_endpoint_auth_method'], 'none');
  const answer = await browseBack(page.href);
  assert.equal(answer.status, 200);
  const { phase, account, problem } = await ended(gateway, state);
  assert.deepEqual([phase, account, problem], ['done', 'alice@example.com', null]);
  assert.equal(textOf(await whoami('first:work')), 'alice');
  assert.equal(authorization.tokenRequests.length, 1);
  assert.equal(authorization.tokenRequests[0]?.get('resource'), server.url);
  const [info] = await gateway.ask('profiles.info', { id: 'first:work', probe: false });
  assert.deepEqual(info?.signIn && [info.signIn.account, info.signIn.issuer, info.signIn.problem], [
    'alice@example.com',
    authorization.issuer,
    null,
  ]);
});

test('a server that says nothing in its refusal is asked at the well-known place', async () => {
  const world = await startWorld(scope);
  world.server.challenge = () => null;
  await addGuarded(gateway, 'silent:work', world);
  await signedIn(gateway, 'silent:work');
  assert.equal(textOf(await whoami('silent:work')), 'alice');
});

test('an authorization server that registers nobody is used with a client of one’s own', async () => {
  const world = await startWorld(scope);
  world.authorization.metadata = (document) => ({ ...document, registration_endpoint: undefined });
  await addGuarded(gateway, 'given:work', world);
  const refused = await begin(gateway, 'given:work');
  assert.equal(refused.problem?.code, 'CLIENT_ID_REQUIRED');
  assert.match(refused.problem.message, /make an OAuth app there.*nucleus sign-in given:work --client-id ID/);
  await signedIn(gateway, 'given:work', {
    client: { id: 'given', secret: 'secret of the given client' },
  });
  assert.equal(textOf(await whoami('given:work')), 'alice');
  // It is kept with the sign-in, for the next one.
  await signedIn(gateway, 'given:work');
});

test('a server that does not bind codes to who asked for them is refused', async () => {
  const world = await startWorld(scope);
  for (const methods of [undefined, ['plain']]) {
    world.authorization.metadata = (document) => ({
      ...document,
      code_challenge_methods_supported: methods,
    });
    const id = `weak:${methods ? 'plain' : 'absent'}`;
    await addGuarded(gateway, id, world);
    const { problem } = await begin(gateway, id);
    assert.match(problem?.message ?? '', /does not protect sign-ins against theft \(PKCE with S256\)/);
  }
  assert.equal(world.authorization.registrations.length, 0);
});

test('pages that are not encrypted, or no pages at all, are never opened', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'plain:work', world);
  for (const endpoint of ['http://example.com/auth', 'file:///etc/passwd', 'javascript:alert(1)']) {
    world.authorization.metadata = (document) => ({ ...document, authorization_endpoint: endpoint });
    const state = await begin(gateway, 'plain:work');
    assert.equal(state.problem?.code, 'SIGN_IN_FAILED', endpoint);
    assert.equal(state.url, null);
  }
});

test('an answer of another authorization server is refused, and its words are not shown', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'mixed:work', world);
  const evil = 'https://evil.example';
  const change = {
    'a wrong iss': (url: URL) => url.searchParams.set('iss', evil),
    'no iss though it is promised': (url: URL) => url.searchParams.delete('iss'),
    'an error with a wrong iss': (url: URL) => {
      url.searchParams.set('iss', evil);
      url.searchParams.set('error', 'server_error');
      url.searchParams.set('error_description', 'CALL 555-EVIL');
    },
  };
  for (const [what, act] of Object.entries(change)) {
    const state = await begin(gateway, 'mixed:work');
    const redirect = await browse(pageOf(state));
    act(redirect);
    const page = await (await fetch(redirect)).text();
    const { problem } = await ended(gateway, state);
    assert.match(problem?.message ?? '', /came from another authorization server/, what);
    assert.doesNotMatch(`${page}${JSON.stringify(problem)}`, /evil|EVIL/, what);
  }
  assert.equal(world.authorization.tokenRequests.length, 0);
});

test('only the state that was sent out counts, wherever an answer comes in', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'state:one', world);
  await addGuarded(gateway, 'state:two', world);
  const [one, two] = [await begin(gateway, 'state:one'), await begin(gateway, 'state:two')];
  const [toOne, toTwo] = [await browse(pageOf(one)), await browse(pageOf(two), { person: 'bob' })];
  const changed = (act: (url: URL) => void): URL => {
    const url = new URL(toOne);
    act(url);
    return url;
  };
  for (const url of [
    changed(({ searchParams }) => searchParams.set('state', 'guessed')),
    changed(({ searchParams }) => searchParams.delete('state')),
    changed(({ searchParams }) => searchParams.append('state', 'another')),
    // The answer of one at the door of the other.
    changed((there) => (there.port = toTwo.port)),
  ])
    assert.equal((await fetch(url)).status, 400, url.search);
  assert.equal((await fetch(toOne)).status, 200);
  assert.equal((await fetch(toTwo)).status, 200);
  assert.deepEqual(
    [(await ended(gateway, one)).account, (await ended(gateway, two)).account],
    ['alice@example.com', 'bob@example.com'],
  );
});

test('the door takes one GET on its own name, and its page holds nothing of what came', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'door:work', world);
  const state = await begin(gateway, 'door:work');
  const redirect = await browse(pageOf(state));
  const knock = (method: string, path: string, host = redirect.host): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    request({ host: redirect.hostname, port: redirect.port, method, path, headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
    return promise;
  };
  const path = `${redirect.pathname}${redirect.search}`;
  assert.equal(await knock('POST', path), 404);
  assert.equal(await knock('HEAD', path), 404);
  assert.equal(await knock('GET', `/other${redirect.search}`), 404);
  assert.equal(await knock('GET', path, 'evil.example'), 404);
  assert.equal(await knock('GET', '/callback?error_description=%3Cscript%3E'), 400);
  const answer = await fetch(redirect);
  const text = await answer.text();
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.doesNotMatch(text, /script|http|code|127/);
  assert.equal((await ended(gateway, state)).phase, 'done');
  await assert.rejects(fetch(redirect), 'the port is closed');
  assert.equal(world.authorization.tokenRequests.length, 1);
});

test('a server that names itself as another one gets no sign-in', async () => {
  const world = await startWorld(scope);
  const other = await startResourceServer(scope, world.authorization);
  world.server.metadata = () => ({
    resource: other.url,
    authorization_servers: [world.authorization.issuer],
  });
  await addGuarded(gateway, 'alias:work', world);
  const { problem } = await begin(gateway, 'alias:work');
  assert.match(problem?.message ?? '', /gives itself the name of another one/);
});

test('a token never reaches another server, though the connector points there now', async () => {
  const world = await startWorld(scope);
  const other = await startResourceServer(scope, world.authorization);
  await addGuarded(gateway, 'swap:work', world);
  await signedIn(gateway, 'swap:work');
  assert.equal(textOf(await whoami('swap:work')), 'alice');
  await gateway.ask('profiles.add', {
    connector: 'swap',
    name: 'work',
    url: other.url,
    forceUrl: true,
    replace: true,
    connect: false,
  });
  const { problem } = await begin(gateway, 'swap:work').then(async (state) => {
    await gateway.ask('signIn.cancel', { profile: 'swap:work' });
    return ended(gateway, state);
  });
  assert.equal(problem?.code, 'SIGN_IN_CANCELLED');
  const [info] = await gateway.ask('profiles.info', { id: 'swap:work', probe: true });
  assert.match(info?.probe?.ok === false ? info.probe.message : '', /belongs to another address/);
  assert.deepEqual(other.tokens, []);
});

test('two people at one service are two accounts, and the same person twice is told', async () => {
  verifies('NUC-012');
  const world = await startWorld(scope);
  for (const name of ['alice', 'bob', 'again']) await addGuarded(gateway, `pair:${name}`, world);
  await signedIn(gateway, 'pair:alice', { person: 'alice' });
  await signedIn(gateway, 'pair:bob', { person: 'bob' });
  const { notes } = await signedIn(gateway, 'pair:again', { person: 'alice' });
  assert.deepEqual(notes, ['pair:alice is the same account']);
  assert.equal(textOf(await whoami('pair:alice')), 'alice');
  assert.equal(textOf(await whoami('pair:bob')), 'bob');
  const accounts = (await gateway.ask('profiles.list', {})).flatMap(({ id, account }) =>
    id.startsWith('pair:') ? [[id, account]] : [],
  );
  assert.deepEqual(Object.fromEntries(accounts), {
    'pair:again': 'alice@example.com',
    'pair:alice': 'alice@example.com',
    'pair:bob': 'bob@example.com',
  });
});

test('another person does not take a profile over unasked, and what there was goes on', async () => {
  verifies('NUC-030');
  const world = await startWorld(scope);
  await addGuarded(gateway, 'keep:work', world);
  await signedIn(gateway, 'keep:work');
  const { problem } = await signIn(gateway, 'keep:work', { person: 'mallory' });
  assert.equal(problem?.code, 'OTHER_ACCOUNT');
  assert.match(problem.message, /belongs to alice@example.com, and mallory@example.com signed in/);
  assert.equal(textOf(await whoami('keep:work')), 'alice');
  const declined = await signIn(gateway, 'keep:work', { answer: 'no' });
  assert.equal(declined.problem?.code, 'SIGN_IN_CANCELLED');
  assert.doesNotMatch(declined.problem.message, /SYSTEM/);
  assert.equal(textOf(await whoami('keep:work')), 'alice');
  await signedIn(gateway, 'keep:work', { person: 'bob', otherAccount: true });
  assert.equal(textOf(await whoami('keep:work')), 'bob');
});

test('a server that answers everybody is nothing to sign in to', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'open:work', world);
  await signedIn(gateway, 'open:work');
  const open = await startResourceServer(scope, world.authorization);
  open.answer = (response) => {
    json(response, 200, {});
    return true;
  };
  await gateway.ask('profiles.add', { connector: 'open2', name: 'work', url: open.url, connect: false });
  const { problem } = await begin(gateway, 'open2:work');
  assert.match(problem?.message ?? '', /answers without a sign-in/);
});

test('a new token the server does not take is no sign-in, and the old one stays', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'check:work', world);
  await signedIn(gateway, 'check:work');
  const before = world.server.tokens.at(-1) ?? '';
  world.server.only = before;
  const { problem } = await signIn(gateway, 'check:work');
  assert.match(problem?.message ?? '', /does not take the new token/);
  assert.equal(textOf(await whoami('check:work')), 'alice');
});

test('a sign-in that is declined, cancelled or forgotten leaves nothing behind', async () => {
  verifies('NUC-024', 'NUC-029');
  const world = await startWorld(scope);
  const ends = {
    declined: async (page: string) => void (await browseBack(page, { answer: 'no' })),
    cancelled: async () => void (await gateway.ask('signIn.cancel', { profile: 'gone:cancelled' })),
  };
  for (const [name, act] of Object.entries(ends)) {
    const profile = `gone:${name}`;
    await addGuarded(gateway, profile, world);
    const state = await begin(gateway, profile, { removeIfFailed: true });
    const startedAt = performance.now();
    await act(pageOf(state));
    const { phase, problem } = await ended(gateway, state);
    assert.deepEqual([phase, problem?.code], ['failed', 'SIGN_IN_CANCELLED']);
    assert.ok(performance.now() - startedAt < 10_000, 'at once');
    assert.deepEqual(
      (await gateway.ask('profiles.list', {})).filter(({ connector }) => connector === 'gone'),
      [],
    );
    const { connectors } = await gateway.ask('connectors.list', {});
    assert.deepEqual(
      connectors.filter((one) => one.name === 'gone'),
      [],
    );
  }
});

test('a second sign-in takes the place of the first, which can no longer end', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'twice:work', world);
  const first = await begin(gateway, 'twice:work');
  const redirect = await browse(pageOf(first));
  const second = await begin(gateway, 'twice:work');
  await assert.rejects(fetch(redirect), 'its door is closed');
  await browseBack(pageOf(second));
  assert.equal((await ended(gateway, second)).phase, 'done');
  assert.equal(textOf(await whoami('twice:work')), 'alice');
});

test('two sign-ins to one address at once both succeed', async () => {
  verifies('FIX-019');
  const world = await startWorld(scope);
  const people = ['alice', 'bob', 'carol'];
  for (const name of people) await addGuarded(gateway, `same:${name}`, world);
  const states = await Promise.all(people.map((person) => signedIn(gateway, `same:${person}`, { person })));
  assert.deepEqual(
    states.map(({ account }) => account),
    people.map((person) => `${person}@example.com`),
  );
});

test('an address pasted by hand ends a sign-in, another one does not', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'paste:work', world);
  const state = await begin(gateway, 'paste:work');
  const redirect = await browse(pageOf(state));
  const wrong = new URL(redirect);
  wrong.host = 'evil.example';
  for (const text of ['', 'nonsense', wrong.href, redirect.href.replace(/state=[^&]*/, 'state=x')])
    assert.deepEqual(await gateway.ask('signIn.finish', { id: state.id, redirect: text }), {
      isTaken: false,
    });
  assert.deepEqual(await gateway.ask('signIn.finish', { id: state.id, redirect: redirect.href }), {
    isTaken: true,
  });
  assert.equal((await ended(gateway, state)).phase, 'done');
});

test('a profile that nobody signed in for blocks no other', async () => {
  verifies('FIX-010');
  const [world, other] = [await startWorld(scope), await startWorld(scope)];
  await addGuarded(gateway, 'live:work', world);
  await signedIn(gateway, 'live:work');
  await addGuarded(gateway, 'lost:work', other);
  await signedIn(gateway, 'lost:work');
  assert.equal(textOf(await whoami('lost:work')), 'alice');
  // The service forgets everybody.
  for (const token of other.server.tokens) other.server.refused.add(token);
  other.authorization.answer = (path, _request, response) => {
    if (path !== '/token') return false;
    json(response, 400, { error: 'invalid_grant' });
    return true;
  };
  const lost = await whoami('lost:work');
  assert.deepEqual(nucleusErrorOf(lost), { code: 'SIGN_IN_REQUIRED', profile: 'lost:work' });
  assert.match(textOf(lost), /its sign-in was ended.*nucleus sign-in lost:work/);
  assert.equal(textOf(await whoami('live:work')), 'alice');
  const { tools } = await gateway.ask('tools.list', {});
  assert.ok(
    tools.some(({ name }) => name === 'lost_work_whoami'),
    'its tools stay listed',
  );
  const { upstreams } = await gateway.status();
  assert.equal(upstreams.find(({ profile }) => profile === 'lost:work')?.state, 'signed-out');
  // Every further call says so at once, and asks nobody.
  const asked = other.authorization.paths.length;
  assert.match(textOf(await whoami('lost:work')), /needs a sign-in/);
  assert.equal(other.authorization.paths.length, asked);
  other.authorization.answer = () => false;
  await signedIn(gateway, 'lost:work');
  assert.equal(textOf(await whoami('lost:work')), 'alice');
});

test('what a call lacks is asked for with the next sign-in, and not twice', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'more:work', world);
  await signedIn(gateway, 'more:work');
  world.server.scopeNeeded = 'mcp:admin';
  const needs = await whoami('more:work');
  assert.equal(nucleusErrorOf(needs)?.code, 'SIGN_IN_REQUIRED');
  assert.match(textOf(needs), /needs more rights than the sign-in has \(mcp:admin\)/);
  // Declined, it is not asked for again and again.
  await signIn(gateway, 'more:work', { answer: 'no' });
  assert.equal(nucleusErrorOf(await whoami('more:work'))?.code, 'UPSTREAM_REFUSED');
  const state = await begin(gateway, 'more:work');
  const page = new URL(pageOf(state));
  assert.equal(page.searchParams.get('scope'), 'mcp:tools openid offline_access mcp:admin');
  await browseBack(page.href);
  await ended(gateway, state);
  assert.equal(textOf(await whoami('more:work')), 'alice');
  world.server.scopeNeeded = 'mcp:never';
  assert.equal(nucleusErrorOf(await whoami('more:work'))?.code, 'SIGN_IN_REQUIRED');
  await signIn(gateway, 'more:work');
  assert.equal(nucleusErrorOf(await whoami('more:work'))?.code, 'UPSTREAM_REFUSED');
});

test('when a server moves to another authorization server, nothing of the old one goes there', async () => {
  const [world, next] = [await startWorld(scope), await startWorld(scope)];
  await addGuarded(gateway, 'moved:work', world);
  await signedIn(gateway, 'moved:work');
  assert.equal(textOf(await whoami('moved:work')), 'alice');
  const old = world.authorization;
  world.server.authorization = next.authorization;
  assert.equal(nucleusErrorOf(await whoami('moved:work'))?.code, 'SIGN_IN_REQUIRED');
  await signedIn(gateway, 'moved:work', { otherAccount: true });
  assert.equal(textOf(await whoami('moved:work')), 'alice');
  assert.equal(next.authorization.registrations.length, 1);
  const sent = next.authorization.tokenRequests.map(String).join('\n');
  for (const secret of old.secrets) assert.ok(!sent.includes(secret));
});

test('removing a profile ends its grant at the service', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'bye:work', world);
  await signedIn(gateway, 'bye:work');
  await gateway.ask('profiles.remove', { id: 'bye:work' });
  const [revoked] = world.authorization.revocations;
  assert.equal(revoked?.get('token_type_hint'), 'refresh_token');
  assert.ok(world.authorization.secrets.has(revoked.get('token') ?? ''));
});

test('a service that does not answer holds up no removal', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'hang:work', world);
  await signedIn(gateway, 'hang:work');
  world.authorization.answer = () => true;
  await gateway.ask('profiles.remove', { id: 'hang:work' }, 5_000);
  assert.ok(!(await gateway.ask('profiles.list', {})).some(({ id }) => id === 'hang:work'));
});

test('a profile keeps its sign-in under another name', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'named:before', world);
  await signedIn(gateway, 'named:before');
  await gateway.ask('profiles.rename', { id: 'named:before', name: 'after' });
  assert.equal(textOf(await whoami('named:after')), 'alice');
  assert.equal(world.authorization.tokenRequests.length, 1);
});

test('a program signs in with its client’s secret, without a person', async () => {
  const world = await startWorld(scope);
  await addGuarded(gateway, 'machine:work', world);
  const state = await begin(gateway, 'machine:work', {
    isMachine: true,
    client: { id: 'given', secret: 'secret of the given client' },
  });
  assert.equal((await ended(gateway, state)).phase, 'done', state.problem?.message);
  assert.equal(textOf(await whoami('machine:work')), 'given');
  const [first] = world.server.tokens.slice(-1);
  world.server.refused.add(first ?? '');
  assert.equal(textOf(await whoami('machine:work')), 'given');
  assert.equal(world.authorization.tokenRequests.length, 2);
});
