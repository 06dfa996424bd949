// What becomes of tokens: renewed once however many ask, kept through outages, given up cleanly.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import {
  attach,
  nucleusErrorOf,
  startGateway,
  startShim,
  textOf,
  type Attached,
  type Gateway,
} from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope } from '../helpers/home.ts';
import { nucleusOk, passphrase } from '../helpers/nucleus.ts';
import { gone, kill, processesWith } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { json } from '../helpers/sign-in-server.ts';
import { addGuarded, signedIn, startWorld, type SignInWorld } from '../helpers/sign-in-world.ts';
import { until } from '../helpers/until.ts';

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

const tool = (profile: string): string => `${profile.replace(':', '_')}_whoami`;
const whoami = (profile: string): Promise<unknown> => client.call(tool(profile), {});

async function start(profile: string): Promise<SignInWorld> {
  const world = await startWorld(scope);
  await addGuarded(gateway, profile, world);
  await signedIn(gateway, profile);
  assert.equal(textOf(await whoami(profile)), 'alice');
  return world;
}

/** The server takes none of the tokens any more that it was shown. */
function expire({ server }: SignInWorld): void {
  for (const token of server.tokens) server.refused.add(token);
}

const refreshes = ({ authorization }: SignInWorld): number =>
  authorization.tokenRequests.filter((form) => form.get('grant_type') === 'refresh_token').length;

test('200 calls with a token that has ended all succeed, and one request renews it', async () => {
  verifies('NEW-026');
  const world = await start('burst:work');
  const other = await start('other:work');
  expire(world);
  const answers = await Promise.all(Array.from({ length: 200 }, () => whoami('burst:work')));
  assert.deepEqual(new Set(answers.map(textOf)), new Set(['alice']));
  assert.deepEqual([refreshes(world), refreshes(other)], [1, 0]);
  // The token that came is another one, and goes on.
  assert.equal(textOf(await whoami('burst:work')), 'alice');
  assert.equal(refreshes(world), 1);
});

test('from five client processes as well', async () => {
  verifies('NEW-026');
  const world = await start('five:work');
  const shims = Array.from({ length: 5 }, () => startShim(scope, home, { env }));
  for (const shim of shims) await shim.initialize();
  expire(world);
  const answers = await Promise.all(
    shims.flatMap((shim) => Array.from({ length: 40 }, () => shim.call(tool('five:work'), {}))),
  );
  assert.equal(answers.length, 200);
  assert.deepEqual(new Set(answers.map(textOf)), new Set(['alice']));
  assert.equal(refreshes(world), 1);
});

test('a token that ended by the clock is renewed before it is sent', async () => {
  const world = await startWorld(scope);
  world.authorization.tokenSeconds = 1;
  await addGuarded(gateway, 'clock:work', world);
  await signedIn(gateway, 'clock:work');
  const endsAt = Date.now() + 1_000;
  world.authorization.tokenSeconds = 600;
  // Lists are still being read; what went out before the end may come in after it.
  const last = { count: 0, at: 0 };
  await until('the token has ended, and nothing is on its way with it', () => {
    const { length } = world.server.tokens;
    if (length !== last.count) Object.assign(last, { count: length, at: Date.now() });
    return Date.now() > Math.max(endsAt, last.at + 300);
  });
  const seen = [...world.server.tokens];
  const answers = await Promise.all(Array.from({ length: 20 }, () => whoami('clock:work')));
  assert.deepEqual(new Set(answers.map(textOf)), new Set(['alice']));
  assert.equal(refreshes(world), 1);
  assert.equal(
    world.server.tokens.slice(seen.length).some((token) => seen.includes(token)),
    false,
  );
});

test('what a refresh leaves out stays: no new refresh token, no scope, no time', async () => {
  const world = await start('sparse:work');
  const { authorization } = world;
  const good = world.server.tokens.at(-1) ?? '';
  expire(world);
  authorization.answer = (path, request, response) => {
    if (path !== '/token') return false;
    request.resume();
    world.server.refused.delete(good);
    json(response, 200, { access_token: good, token_type: 'Bearer' });
    return true;
  };
  // The same token, which the server takes again: what counts is what is kept beside it.
  assert.equal(textOf(await whoami('sparse:work')), 'alice');
  authorization.answer = () => false;
  expire(world);
  assert.equal(textOf(await whoami('sparse:work')), 'alice');
  assert.equal(refreshes(world), 1);
});

test('a token used somewhere else ends this sign-in in one sentence', async () => {
  const world = await start('thief:work');
  const { authorization } = world;
  const [first] = authorization.tokenRequests;
  const [registration] = authorization.issued.filter(({ refresh_token: token }) => token !== undefined);
  // Somebody who stole it uses it first.
  await fetch(`${authorization.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: String(registration?.['refresh_token']),
      client_id: first?.get('client_id') ?? '',
    }),
  });
  expire(world);
  const answers = await Promise.all(Array.from({ length: 20 }, () => whoami('thief:work')));
  for (const answer of answers) assert.equal(nucleusErrorOf(answer)?.code, 'SIGN_IN_REQUIRED');
  assert.match(textOf(answers[0]), /its token was used somewhere else as well/);
  assert.equal(refreshes(world), 2);
});

test('a registration that ran out is made anew with the next sign-in', async () => {
  const world = await start('purged:work');
  expire(world);
  world.authorization.answer = (path, request, response) => {
    if (path !== '/token') return false;
    request.resume();
    json(response, 401, { error: 'invalid_client' });
    return true;
  };
  assert.match(textOf(await whoami('purged:work')), /the service no longer knows this Nucleus/);
  world.authorization.answer = () => false;
  await signedIn(gateway, 'purged:work');
  assert.equal(textOf(await whoami('purged:work')), 'alice');
  assert.equal(world.authorization.registrations.length, 2);
});

test('while the authorization server is away, calls go on as long as their token is good', async () => {
  const world = await start('away:work');
  world.authorization.answer = (_path, request, response) => {
    request.resume();
    response.writeHead(503).end();
    return true;
  };
  assert.equal(textOf(await whoami('away:work')), 'alice');
  expire(world);
  const failed = await whoami('away:work');
  assert.equal(nucleusErrorOf(failed)?.code, 'UPSTREAM_UNREACHABLE');
  assert.match(textOf(failed), /could not be renewed.*call again in a moment/);
});

test('a crash between the renewal and its being kept costs one sign-in, of that profile alone', async () => {
  const crashHome = createHome(scope);
  const crashEnv = passphrase(crashHome);
  let crashing = await startGateway(scope, crashHome, crashEnv);
  const [world, other] = [await startWorld(scope), await startWorld(scope)];
  for (const [id, one] of [
    ['crash:work', world],
    ['calm:work', other],
  ] as const) {
    await addGuarded(crashing, id, one);
    await signedIn(crashing, id);
  }
  let caller = await attach(scope, crashHome);
  await caller.initialize();
  assert.equal(textOf(await caller.call('crash_work_whoami', {})), 'alice');
  expire(world);
  const release = Promise.withResolvers<void>();
  world.authorization.held = release.promise;
  caller.call('crash_work_whoami', {}).catch(() => {}); // Its gateway is killed under it.
  await until('the server used the token up', () => world.authorization.issued.length === 2);
  const pids = processesWith(crashHome.root).map(({ pid }) => pid);
  for (const pid of pids) kill(pid);
  await gone(pids);
  world.authorization.held = null;
  release.resolve();
  crashing = await startGateway(scope, crashHome, crashEnv);
  caller = await attach(scope, crashHome);
  await caller.initialize();
  const answer = await caller.call('crash_work_whoami', {});
  assert.equal(nucleusErrorOf(answer)?.code, 'SIGN_IN_REQUIRED');
  assert.match(textOf(answer), /renewing its sign-in was cut off/);
  assert.equal(refreshes(world), 1, 'the token is not used a second time');
  assert.equal(textOf(await caller.call('calm_work_whoami', {})), 'alice');
  await signedIn(crashing, 'crash:work');
  assert.equal(textOf(await caller.call('crash_work_whoami', {})), 'alice');
});

test('a sign-in outlives the gateway', async () => {
  const world = await start('stays:work');
  await nucleusOk(home, ['stop'], { env });
  gateway = await startGateway(scope, home, env);
  client = await attach(scope, home);
  await client.initialize();
  assert.equal(textOf(await whoami('stays:work')), 'alice');
  assert.equal(world.authorization.tokenRequests.length, 1);
});

test('no token stands anywhere in clear', async () => {
  verifies('NUC-011');
  const world = await start('canary:work');
  expire(world);
  await whoami('canary:work');
  const secret = 'secret of the given client';
  await signedIn(gateway, 'canary:work', { client: { id: 'given', secret } });
  assert.equal(textOf(await whoami('canary:work')), 'alice');
  // Another server, which sees its own environment and nobody's tokens.
  await gateway.add(createFake(home, 'neighbour'));
  const secrets = [secret, ...world.authorization.secrets];
  const places = [
    ...filesBelow(home.root).map((file) => [file, readFileSync(file)] as const),
    ...processesWith(home.root).flatMap(({ pid }) =>
      ['cmdline', 'environ'].map((name) => [`${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`)] as const),
    ),
    ['status', Buffer.from(JSON.stringify(await gateway.status()))] as const,
    [
      'infos',
      Buffer.from(JSON.stringify(await gateway.ask('profiles.info', { id: null, probe: false }))),
    ] as const,
    ['sign-ins', Buffer.from(JSON.stringify(await gateway.ask('signIn.list', {})))] as const,
  ];
  assert.ok(places.length > 10);
  assert.ok(secrets.length > 5);
  for (const one of secrets)
    for (const form of formsOf(one))
      for (const [place, content] of places) assert.ok(!content.includes(form), `${place} holds a secret`);
});

/** As it is, and in the ways texts are usually wrapped. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
    encodeURIComponent(secret),
  ];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}
