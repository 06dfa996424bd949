import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import type { Page } from 'playwright-core';
import { startAuthorizationServer } from '../helpers/authorization-server.ts';
import { startDesktopHost } from '../helpers/desktop-host.ts';
import { createScope } from '../helpers/home.ts';
import { until } from '../helpers/until.ts';
import {
  canRunElectron,
  needsDesktop,
  startParts,
  type PartsApp,
} from '../fixtures/electron-parts/launch.ts';
import { serve, serveUntrusted } from '../fixtures/electron-parts/pages.ts';

/* Sign-in windows of a real Electron, against a real authorization server and against pages that mean no good. */

const scope = createScope();
let parts: PartsApp;

before(async () => {
  if (!canRunElectron()) return;
  const desktop = await startDesktopHost(scope);
  parts = await startParts(scope, desktop.env);
});

const custom = 'dev.nucleus.app:/callback';
const page = (profile: string) =>
  until(`the page of ${profile}`, () => parts.signInPage(profile).catch(() => null));
const outcome = (profile: string) => parts.run((app, id) => app.outcome(id), profile);
const signIn = (profile: string, url: string, redirectUri = custom) =>
  parts.run((app, [id, where, back]) => app.signIn(id, where, back), [profile, url, redirectUri] as const);

test('two windows hold two people at once, and neither profile sees the other', async (t) => {
  if (!needsDesktop(t)) return;
  const server = await startAuthorizationServer(t);
  // Nothing listens at the loopback redirect: the request to it must not leave.
  const loopback = 'http://127.0.0.1:9/callback';
  const client = await server.register(['http://127.0.0.1/callback', custom]);
  const people = [
    { profile: 'notion:prod', person: 'alice', request: server.request(client, loopback) },
    { profile: 'notion:staging', person: 'bob', request: server.request(client, custom) },
  ];
  for (const { profile, request } of people) await signIn(profile, request.url.href, request.redirectUri);
  assert.equal((await parts.run((app) => app.windows(), null)).length, 2);

  await Promise.all(people.map(({ profile, person }) => logIn(profile, person)));
  const subjects = await Promise.all(
    people.map(async ({ profile, request }) => {
      const arrived = await outcome(profile);
      assert.ok('url' in arrived, JSON.stringify(arrived));
      return server.exchange(request, new URL(arrived.url));
    }),
  );
  assert.deepEqual(subjects, [
    { subject: 'alice', hasRefreshToken: true },
    { subject: 'bob', hasRefreshToken: true },
  ]);
  await until(
    'the windows are gone',
    async () => (await parts.run((app) => app.windows(), null)).length === 0,
  );

  const sessions = await Promise.all(['notion:prod', 'notion:staging', 'notion:other'].map(sessionCookie));
  assert.ok(sessions[0] && sessions[1], 'both are signed in');
  assert.notEqual(sessions[0], sessions[1]);
  assert.equal(sessions[2], null, 'a third profile is nobody');
  const ofApp = await parts.app.evaluate(({ session }) => session.defaultSession.cookies.get({}));
  assert.deepEqual(ofApp, []);

  await parts.run((app, profile) => app.forget(profile), 'notion:staging');
  assert.equal(await sessionCookie('notion:staging'), null);
  assert.equal(await sessionCookie('notion:prod'), sessions[0]);

  const log = await parts.run((app) => app.log.join('\n'), null);
  assert.doesNotMatch(log, /[?&=]|code|state/, 'no address with its query is in the log');
});

test('the page is alone in its sandbox, and the strip names whose it is', async (t) => {
  if (!needsDesktop(t)) return;
  let requests = 0;
  const origin = await serve(t, (request, response) => {
    if (request.url === '/login') requests += 1;
    response.end('<title>Log in</title>hello');
  });
  await signIn('notion:strip', `${origin}/login`);
  const shown = await page('notion:strip');
  assert.deepEqual(
    await shown.evaluate(`['require', 'process', 'electron', 'nucleus'].filter((name) => name in window)`),
    [],
  );
  const preferences = await parts.app.evaluate(({ webContents }) =>
    webContents.getAllWebContents().map((contents) => {
      // Electron has it and leaves it out of its types.
      const all = contents as unknown as { getLastWebPreferences(): Electron.WebPreferences };
      const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag, preload } =
        all.getLastWebPreferences();
      return [sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag, preload ?? null];
    }),
  );
  assert.equal(preferences.length, 2);
  for (const one of preferences) assert.deepEqual(one, [true, true, false, true, false, null]);
  await stripSays(origin);
  assert.equal(await stripText('h1'), 'notion:strip');
  assert.equal(requests, 1);
  await click(strip(), 'button');
  await until('the page was asked for again', () => requests === 2);
  await stripSays(origin);
  await parts.run((app, profile) => app.closeWindow(profile), 'notion:strip');
  assert.deepEqual(await outcome('notion:strip'), {
    code: 'SIGN_IN_CANCELLED',
    message: 'the sign-in of notion:strip was cancelled; nothing was changed',
  });
});

test('the strip leads on to the person’s own browser, and the window goes', async (t) => {
  if (!needsDesktop(t)) return;
  const origin = await serve(t, (_request, response) => response.end('<title>Log in</title>hello'));
  await signIn('notion:browser', `${origin}/login`);
  await page('notion:browser');
  await stripSays(origin);
  assert.equal(await stripText('footer button'), 'Use my browser instead');
  await click(strip(), 'footer button');
  assert.deepEqual(await outcome('notion:browser'), { url: 'browser' });
  assert.deepEqual(await parts.run((app) => app.windows(), null), []);
});

test('a page gets no second window, no permission, no download and no other kind of address', async (t) => {
  if (!needsDesktop(t)) return;
  const origin = await serve(t, (request, response) => {
    if (request.url === '/file') response.setHeader('content-disposition', 'attachment; filename=x.txt');
    response.setHeader('content-type', 'text/html');
    response.end(
      '<a id=mail href="mailto:a@b.c">m</a><a id=app href="other-app:go">o</a><a id=file href="/file">f</a>',
    );
  });
  await signIn('notion:bad', `${origin}/`);
  const shown = await page('notion:bad');
  assert.equal(await shown.evaluate(`window.open('https://example.com') === null`), true);
  const states = await shown.evaluate<string[]>(
    `Promise.all(['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'].map(
      async (name) => (await navigator.permissions.query({ name })).state))`,
  );
  assert.deepEqual(new Set(states), new Set(['denied']));
  const partition = await parts.run((app, id) => app.partition(id), 'notion:bad');
  await parts.app.evaluate(({ session }, name) => {
    const note = (event: Electron.Event): number =>
      globalThis.parts.events.push(`download ${!event.defaultPrevented}`);
    session.fromPartition(name).once('will-download', note);
  }, partition);
  for (const link of ['#mail', '#app', '#file']) await click(shown, link);
  await until('the download was stopped', () =>
    parts.run((app) => app.events.includes('download false'), null),
  );
  assert.equal(shown.url(), `${origin}/`);
  assert.deepEqual(await parts.run((app) => app.windows(), null), ['Sign in: notion:bad']);
  await until('the odd addresses were noticed', () =>
    parts.run((app) => app.log.filter((line) => line.includes('left alone')).length === 2, null),
  );
  await parts.run((app, profile) => app.cancel(profile), 'notion:bad');
  assert.deepEqual(await outcome('notion:bad'), {
    code: 'SIGN_IN_CANCELLED',
    message: 'the sign-in of notion:bad was cancelled; nothing was changed',
  });
});

test('frames and scripts get no request to the redirect URI out, and only the page itself ends the sign-in', async (t) => {
  if (!needsDesktop(t)) return;
  const reached: string[] = [];
  const listener = await serve(t, (request, response) => {
    reached.push(request.url ?? '');
    response.end();
  });
  const redirectUri = `${listener}/callback`;
  const origin = await serve(t, (request, response) => {
    if (request.url === '/go') return response.writeHead(302, { location: `${redirectUri}?code=real` }).end();
    response.setHeader('content-type', 'text/html');
    return response.end(`<iframe src="${redirectUri}?code=frame"></iframe><a href="/go">go</a>`);
  });
  await signIn('notion:frame', `${origin}/`, redirectUri);
  const shown = await page('notion:frame');
  const failures = await shown.evaluate(
    (to) => fetch(`${to}?code=fetch`, { mode: 'no-cors' }).then(String, () => 'stopped'),
    redirectUri,
  );
  assert.equal(failures, 'stopped');
  // Another path of the same host is not the redirect URI.
  await shown.evaluate((to) => fetch(`${to}-other`, { mode: 'no-cors' }).then(() => {}), redirectUri);
  await click(shown, 'a');
  assert.deepEqual(await outcome('notion:frame'), { url: `${redirectUri}?code=real` });
  assert.deepEqual(reached, ['/callback-other']);
});

test('a page that is not encrypted, or whose certificate is not valid, ends the sign-in with a sentence', async (t) => {
  if (!needsDesktop(t)) return;
  await signIn('notion:plain', 'http://login.example.com/?secret=1');
  assert.deepEqual(await outcome('notion:plain'), {
    code: 'SIGN_IN_FAILED',
    message:
      'the sign-in of notion:plain ended: http://login.example.com is not encrypted; nothing was changed',
  });

  const origin = await serve(t, (_request, response) =>
    response.writeHead(302, { location: 'http://login.example.com/?secret=1' }).end(),
  );
  await signIn('notion:down', origin);
  assert.deepEqual(await outcome('notion:down'), {
    code: 'SIGN_IN_FAILED',
    message:
      'the sign-in of notion:down ended: it led to http://login.example.com, which is not encrypted; nothing was changed',
  });

  const port = await serveUntrusted(t);
  await signIn('notion:cert', `https://127.0.0.1:${port}/`);
  assert.deepEqual(await outcome('notion:cert'), {
    code: 'SIGN_IN_FAILED',
    message: `the sign-in of notion:cert ended: the certificate of 127.0.0.1:${port} is not valid (net::ERR_CERT_AUTHORITY_INVALID); nothing was changed`,
  });
});

test('the strip stresses the part of a host name that somebody had to register', async (t) => {
  if (!needsDesktop(t)) return;
  const hosts = {
    'login.example.com': 'example.com',
    'accounts.google.com.evil.co.uk': 'evil.co.uk',
    'mine.github.io': 'mine.github.io',
    'example.com': 'example.com',
    'server.internal': 'server.internal',
    printer: 'printer',
    '192.168.1.1': '192.168.1.1',
    '[::1]': '[::1]',
  };
  const found = await parts.run(
    (app, names) => Promise.all(names.map((name) => app.registrable(name))),
    Object.keys(hosts),
  );
  assert.deepEqual(found, Object.values(hosts));
});

test('one profile has one sign-in at a time, and a server that is down can be tried again', async (t) => {
  if (!needsDesktop(t)) return;
  await signIn('notion:once', 'http://127.0.0.1:9/');
  await stripSays('127.0.0.1:9 could not be reached (ERR_UNSAFE_PORT).');
  const second = await parts.run(async (app, url) => {
    const first = app.outcome('notion:once');
    app.signIn('notion:once', url, 'dev.nucleus.app:/callback');
    const answer = await app.outcome('notion:once');
    app.closeWindow('notion:once');
    return [answer, await first];
  }, 'http://127.0.0.1:9/');
  assert.deepEqual(
    second.map((one) => ('code' in one ? one.code : one.url)),
    ['SIGN_IN_FAILED', 'SIGN_IN_CANCELLED'],
  );
});

async function logIn(profile: string, person: string): Promise<void> {
  const shown = await page(profile);
  await shown.fill('input[name=login]', person);
  await shown.fill('input[name=password]', 'any');
  await shown.click('button[type=submit]');
  await shown.getByText('Authorize').waitFor();
  // The answer to this click is the redirect, with which the page is gone.
  await click(shown, 'button[type=submit]');
}

/** Whoever is signed in at the authorization server, as the profile's cookies know it. */
async function sessionCookie(profile: string): Promise<string | null> {
  const partition = await parts.run((app, id) => app.partition(id), profile);
  return parts.app.evaluate(async ({ session }, name) => {
    const cookies = await session.fromPartition(name).cookies.get({ name: '_session' });
    return cookies[0]?.value ?? null;
  }, partition);
}

/** Playwright's own click waits for a navigation to end; those we stop never do. */
async function click(shown: Page | null, selector: string): Promise<void> {
  await shown?.evaluate(`document.querySelector('${selector}').click()`);
}

function strip(): Page | null {
  return parts.app.windows().findLast((one) => one.url().startsWith('data:')) ?? null;
}

/** Null as long as the strip is still loading. */
async function stripText(selector: string): Promise<string | null> {
  const text = strip()?.evaluate<string | null>(`document.querySelector('${selector}')?.textContent ?? null`);
  return (await text?.catch(() => null)) ?? null;
}

async function stripSays(text: string): Promise<void> {
  await until(`the strip says ${text}`, async () => (await stripText('[role=status]')) === text);
}
