import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Grant } from '../../../src-main/gateway/sign-in/grant.ts';
import { createGrants, type Grants } from '../../../src-main/gateway/sign-in/grants.ts';
import type { Renewal } from '../../../src-main/gateway/sign-in/refresh.ts';
import { createTokens, type Tokens } from '../../../src-main/gateway/sign-in/tokens.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createSignInStore, type SignInStore } from '../../../src-main/gateway/storage/sign-in-store.ts';
import type { Authorization } from '../../../src-main/gateway/upstream/authorization.ts';
import { createFakeClock, createFakeLog, settled, type FakeClock } from '../../helpers/fake-clock.ts';

const profile = 'acme:work';
const server = new URL('https://mcp.test/mcp');

interface Setting {
  readonly clock: FakeClock;
  readonly store: SignInStore;
  readonly grants: Grants;
  readonly tokens: Tokens;
  /** Attempts to renew, each answered by hand. */
  readonly asked: { readonly grant: Grant; answer(renewal: Renewal): void }[];
  open(): Promise<Authorization>;
  /** The same registry after a start. */
  restarted(): Tokens;
}

async function setting(t: TestContext, changes: Partial<Grant> = {}): Promise<Setting> {
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  registry.db
    .prepare("INSERT INTO profiles (id, connector, name, created_at) VALUES (?, 'acme', 'work', 1)")
    .run(profile);
  const clock = createFakeClock();
  const store = createSignInStore(registry.db);
  const records = new Map<string, string>();
  const asked: Setting['asked'] = [];
  const make = (): { grants: Grants; tokens: Tokens } => {
    const grants = createGrants({
      store,
      transaction: (work) => registry.db.transaction(work)(),
      vault: {
        keep: ({ issuer }, value) => Promise.resolve(() => void records.set(issuer, value)),
        read: ({ issuer }) => Promise.resolve(records.get(issuer) ?? null),
        drop: ({ issuer }) => void records.delete(issuer),
      },
    });
    const tokens = createTokens({
      grants,
      store,
      clock,
      log: createFakeLog(),
      renew(grant) {
        const { promise, resolve } = Promise.withResolvers<Renewal>();
        asked.push({ grant, answer: resolve });
        return promise;
      },
      onChange: () => {},
    });
    return { grants, tokens };
  };
  const { grants, tokens } = make();
  await grants.save(
    profile,
    { ...first, expiresAt: clock.now() + 600_000, lifetime: 600_000, ...changes },
    {},
  );
  return {
    clock,
    store,
    grants,
    tokens,
    asked,
    open: () => tokens.open(profile, server, true),
    restarted: () => make().tokens,
  };
}

const first: Grant = {
  issuer: 'https://login.test',
  server: 'https://mcp.test/mcp',
  resource: null,
  tokenEndpoint: 'https://login.test/token',
  revocationEndpoint: null,
  authMethods: [],
  client: { id: 'c', from: 'registered' },
  kind: 'person',
  access: 'A1',
  refresh: 'R1',
  expiresAt: null,
  lifetime: null,
  scope: 'a',
  rotates: null,
};

const second = (grant: Grant, now: number): Renewal => ({
  kind: 'renewed',
  grant: { ...grant, access: 'A2', refresh: 'R2', expiresAt: now + 600_000, rotates: true },
});

test('a token that ends soon is renewed beside the calls, which go on with it', async (t) => {
  const { clock, open, asked } = await setting(t);
  const authorization = await open();
  assert.equal(authorization.current(), 'Bearer A1');
  await clock.advance(545_000);
  for (let call = 0; call < 50; call += 1) assert.equal(authorization.current(), 'Bearer A1');
  assert.equal(asked.length, 1);
  asked[0]?.answer(second(asked[0].grant, clock.now()));
  await settled();
  assert.equal(authorization.current(), 'Bearer A2');
});

test('one that has ended is waited for, by all at once', async (t) => {
  const { clock, open, asked } = await setting(t);
  const authorization = await open();
  await clock.advance(700_000);
  assert.equal(authorization.current(), undefined);
  const waiting = Array.from({ length: 200 }, () => authorization.fresh());
  await settled();
  assert.equal(asked.length, 1);
  asked[0]?.answer(second(asked[0].grant, clock.now()));
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['Bearer A2']));
});

test('a server that is away is left alone for a moment, and asked again then', async (t) => {
  const { clock, open, asked, store } = await setting(t);
  const authorization = await open();
  await clock.advance(700_000);
  const away = authorization.fresh();
  await settled();
  asked[0]?.answer({ kind: 'unavailable', why: 'HTTP 503' });
  await assert.rejects(away, { code: 'UPSTREAM_UNREACHABLE' });
  await assert.rejects(authorization.fresh(), { code: 'UPSTREAM_UNREACHABLE' });
  assert.equal(asked.length, 1);
  assert.equal(store.get(profile).refreshing, null);
  await clock.advance(5_001);
  const back = authorization.fresh();
  await settled();
  asked[1]?.answer(second(asked[1].grant, clock.now()));
  assert.equal(await back, 'Bearer A2');
});

test('a token that may be used up is not used again, nor after a start', async (t) => {
  const { clock, open, asked, restarted } = await setting(t);
  const authorization = await open();
  await clock.advance(550_000);
  authorization.current();
  asked[0]?.answer({ kind: 'unknown', why: 'no answer' });
  await settled();
  await clock.advance(10_000);
  // Good for what is left of it, and not one request more.
  assert.equal(authorization.current(), 'Bearer A1');
  assert.equal(asked.length, 1);
  await clock.advance(100_000);
  for (const tokens of [null, restarted()]) {
    const opened = tokens ? tokens.open(profile, server, true) : authorization.fresh();
    await assert.rejects(opened, { code: 'SIGN_IN_REQUIRED', message: /renewing its sign-in was cut off/ });
  }
  assert.equal(asked.length, 1);
});

test('where refresh tokens stay the same, one that broke off is tried again', async (t) => {
  const { clock, open, asked } = await setting(t, { rotates: false });
  const authorization = await open();
  await clock.advance(700_000);
  const broken = authorization.fresh();
  await settled();
  asked[0]?.answer({ kind: 'unknown', why: 'no answer' });
  await assert.rejects(broken, { code: 'UPSTREAM_UNREACHABLE' });
  await clock.advance(5_001);
  const again = authorization.fresh();
  await settled();
  asked[1]?.answer(second(asked[1].grant, clock.now()));
  assert.equal(await again, 'Bearer A2');
});

test('a sign-in that comes while the old one is renewed stays', async (t) => {
  const { clock, open, asked, grants } = await setting(t);
  const authorization = await open();
  await clock.advance(700_000);
  const waiting = authorization.fresh();
  await settled();
  await grants.save(profile, { ...first, access: 'NEW', refresh: 'RN' }, { refreshing: null, problem: null });
  asked[0]?.answer(second(asked[0].grant, clock.now()));
  assert.equal(await waiting, 'Bearer NEW');
  assert.equal(grants.held(profile)?.access, 'NEW');
});

test('without a refresh token the end is an end, and a token the server refuses twice too', async (t) => {
  const one = await setting(t, { refresh: null });
  const authorization = await one.open();
  await one.clock.advance(700_000);
  await assert.rejects(authorization.fresh(), { message: /ran out and cannot be renewed/ });
  assert.equal(one.asked.length, 0);
  const two = await setting(t);
  const other = await two.open();
  const refusal = { status: 401, challenge: undefined, sent: 'Bearer A1', isSecond: true };
  await assert.rejects(other.refused(refusal), { message: /the server no longer takes its token/ });
  assert.equal(two.asked.length, 0);
});

test('a token is not opened for another server', async (t) => {
  const { tokens } = await setting(t);
  await assert.rejects(tokens.open(profile, new URL('https://other.test/mcp'), false), {
    code: 'SIGN_IN_REQUIRED',
    message: /belongs to another address/,
  });
});
