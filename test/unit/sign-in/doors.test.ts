// The doors a person may come through, without a gateway around them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { SignInSettings, SignInState } from '../../../src-shared/sign-in.ts';
import { createGrants } from '../../../src-main/gateway/sign-in/grants.ts';
import { createSignIns, type SignIns } from '../../../src-main/gateway/sign-in/sign-ins.ts';
import { createTokens } from '../../../src-main/gateway/sign-in/tokens.ts';
import { systemClock } from '../../../src-main/gateway/clock.ts';
import type { Platform } from '../../../src-main/gateway/platform.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createSignInStore } from '../../../src-main/gateway/storage/sign-in-store.ts';
import { browse, browseBack } from '../../helpers/browse.ts';
import { createFakeLog } from '../../helpers/fake-clock.ts';
import { startWorld } from '../../helpers/sign-in-world.ts';

const profile = 'acme:work';

async function setting(
  t: TestContext,
  doors: Partial<Pick<Platform, 'openBrowser' | 'openSignIn' | 'forgetSignIn'>>,
  settings: SignInSettings = {},
  { limitMs = 60_000, documentUrl = null as string | null } = {},
): Promise<SignIns> {
  const { server } = await startWorld(t);
  const registry = openRegistry('memory');
  t.after(() => registry.close());
  registry.db
    .prepare("INSERT INTO profiles (id, connector, name, created_at) VALUES (?, 'acme', 'work', 1)")
    .run(profile);
  const store = createSignInStore(registry.db);
  const records = new Map<string, string>();
  const grants = createGrants({
    store,
    transaction: (work) => registry.db.transaction(work)(),
    vault: {
      keep: ({ issuer }, value) => Promise.resolve(() => void records.set(issuer, value)),
      read: ({ issuer }) => Promise.resolve(records.get(issuer) ?? null),
      drop: ({ issuer }) => void records.delete(issuer),
    },
  });
  const log = createFakeLog();
  const signIns = createSignIns({
    platform: {
      clock: systemClock,
      log,
      openBrowser: () => Promise.reject(new Error('no browser here')),
      ...doors,
    },
    grants,
    store,
    tokens: createTokens({
      grants,
      store,
      clock: systemClock,
      log,
      renew: () => assert.fail('nothing ends here'),
      onChange: () => {},
    }),
    limitMs,
    documentUrl,
    target: () => Promise.resolve({ server: new URL(server.url), settings }),
    isThere: () => true,
    whose: () => Promise.resolve(null),
    onSignedIn: () => Promise.resolve(),
    removeProfile: () => assert.fail('nobody asked for that'),
    onState: () => {},
  });
  t.after(() => signIns.close());
  return signIns;
}

async function signIn(
  { handlers }: SignIns,
  how: SignInState['how'],
  more: { readonly fresh?: boolean; readonly otherAccount?: boolean } = {},
): Promise<SignInState> {
  const context = { signal: new AbortController().signal };
  const input = { profile, how, otherAccount: false, client: null, isMachine: false, removeIfFailed: false };
  const { id } = await handlers.begin({ ...input, fresh: false, ...more }, context);
  return handlers.wait({ id }, context);
}

test('a window brings the redirect itself, which is never requested', async (t) => {
  const signIns = await setting(t, {
    openSignIn: ({ url, redirectUri }) => {
      assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
      return browse(url.href, { person: 'bob' });
    },
  });
  const { phase, account } = await signIn(signIns, 'window');
  assert.deepEqual([phase, account], ['done', 'bob@example.com']);
});

test('an answer of a window that belongs to something else ends the sign-in', async (t) => {
  const signIns = await setting(t, {
    openSignIn: ({ redirectUri }) => Promise.resolve(new URL(`${redirectUri}?code=x&state=y`)),
  });
  const { phase, problem } = await signIn(signIns, 'window');
  assert.equal(phase, 'failed');
  assert.match(problem?.message ?? '', /does not belong to this sign-in/);
});

test('the system’s browser comes back to the door', async (t) => {
  const signIns = await setting(t, { openBrowser: async (url) => void (await browseBack(url.href)) });
  assert.equal((await signIn(signIns, 'browser')).account, 'alice@example.com');
});

test('a person goes from the window on to the browser, with the same page', async (t) => {
  const signIns = await setting(t, {
    openSignIn: ({ mayUseBrowser }) => {
      assert.equal(mayUseBrowser, true);
      return Promise.resolve('browser' as const);
    },
    openBrowser: async (url) => void (await browseBack(url.href)),
  });
  const { phase, how } = await signIn(signIns, 'window');
  assert.deepEqual([phase, how], ['done', 'browser']);
});

test('a service that allows one door gets that one, whichever was asked for', async (t) => {
  const doors: string[] = [];
  const open = {
    openSignIn: ({ url, mayUseBrowser }: { readonly url: URL; readonly mayUseBrowser: boolean }) => {
      doors.push(`window ${mayUseBrowser}`);
      return browse(url.href);
    },
    openBrowser: async (url: URL) => {
      doors.push('browser');
      await browseBack(url.href);
    },
  };
  const system = await setting(t, open, { door: 'system' });
  assert.equal((await signIn(system, 'window')).how, 'browser');
  const window = await setting(t, open, { door: 'window' });
  assert.equal((await signIn(window, 'browser')).how, 'window');
  assert.deepEqual(doors, ['browser', 'window false']);
});

test('somebody else is turned away by name, and may start as a stranger', async (t) => {
  const forgotten: string[] = [];
  let person = 'alice';
  const signIns = await setting(t, {
    openSignIn: ({ url }) => browse(url.href, { person }),
    forgetSignIn: (id) => Promise.resolve(void forgotten.push(id)),
  });
  await signIn(signIns, 'window');
  person = 'bob';
  const { phase, account, problem } = await signIn(signIns, 'window');
  assert.deepEqual([phase, account, problem?.code], ['failed', 'bob@example.com', 'OTHER_ACCOUNT']);
  assert.deepEqual(forgotten, []);
  person = 'alice';
  assert.equal((await signIn(signIns, 'window', { fresh: true })).phase, 'done');
  assert.deepEqual(forgotten, [profile]);
  person = 'bob';
  assert.equal((await signIn(signIns, 'window', { otherAccount: true })).account, 'bob@example.com');
});

test('a door that is not there is said, and the sign-in is over', async (t) => {
  const signIns = await setting(t, {});
  assert.match((await signIn(signIns, 'browser')).problem?.message ?? '', /no browser here/);
  assert.match((await signIn(signIns, 'window')).problem?.message ?? '', /there is no window here/);
});

test('who never comes back from a page that may not know our document is told of it', async (t) => {
  const documentUrl = 'https://nucleus.test/client.json';
  const { problem } = await signIn(await setting(t, {}, {}, { limitMs: 500, documentUrl }), 'manual');
  assert.equal(problem?.code, 'SIGN_IN_CANCELLED');
  assert.match(
    problem.message,
    /nobody signed in within 0.5 s; if its page .* take sign_in.client_metadata_url out/,
  );
  const plain = await signIn(await setting(t, {}, {}, { limitMs: 500 }), 'manual');
  assert.doesNotMatch(plain.problem?.message ?? '', /client_metadata_url/);
});

test('a port that was agreed on and is taken is said, and the sign-in is over', async (t) => {
  const thief = createServer();
  thief.listen(0, '127.0.0.1');
  await once(thief, 'listening');
  t.after(() => thief.close());
  const { port } = thief.address() as AddressInfo;
  const { problem } = await signIn(await setting(t, {}, { port }), 'manual');
  assert.equal(problem?.code, 'SIGN_IN_FAILED');
  assert.match(problem.message, new RegExp(`another program has port ${port}, the only one`));
});
