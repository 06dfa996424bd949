// What reaches the page of `nucleus ui` besides the person: web pages, other programs, and a model with a shell.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { promisify } from 'node:util';
import { connectControl } from '../../src-main/gateway/downstream/control.ts';
import { systemClock } from '../../src-main/gateway/clock.ts';
import { openUiServer, type UiServer } from '../../src-main/cli/ui/ui-server.ts';
import { attach, nucleusErrorOf, type Attached } from '../helpers/client.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { createScope } from '../helpers/home.ts';
import { addClient, ask, raw, send, statusOf, urlOf, type Answer } from '../helpers/http.ts';
import { needs } from '../helpers/require.ts';
import { verifies } from '../helpers/requirements.ts';
import { testPin } from '../helpers/terminal.ts';
import { until, withDeadline } from '../helpers/until.ts';

const scope = createScope();
let guarded: Guarded;
let ui: UiServer;

before(async () => {
  const config = '[approval]\npark_after = "30s"\n';
  guarded = await openGuarded(scope, { prod: 'prod' }, { isAttended: false, config });
  await guarded.desk.host.person.pin.set({ pin: testPin }, { signal: new AbortController().signal });
  const pages = guarded.home.path('pages');
  mkdirSync(pages);
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(guarded.home.path('secret.js'), 'a file beside the pages');
  ui = await openUiServer({
    port: 0,
    pages,
    clock: systemClock,
    open: () => connectControl(guarded.home.endpoint()?.socket ?? assert.fail(), '0.1.0'),
  });
  scope.after(() => ui.close());
});

interface Browser {
  readonly cookie: string;
  readonly key: string;
}

/** What a browser has that opened the link. */
async function comeIn(): Promise<Browser> {
  const opened = await ask(ui.url, null, { path: new URL(ui.makeLink()).pathname });
  assert.equal(opened.status, 303);
  const [cookie = ''] = opened.headers['set-cookie'] ?? [];
  assert.match(cookie, /^nucleus-[0-9a-f]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const pair = cookie.split(';')[0] ?? '';
  const claimed = await put('/claim', {}, { cookie: pair });
  return { cookie: pair, key: (valueOf(claimed) as { key: string }).key };
}

const headersOf = ({ cookie, key }: Browser): Record<string, string> => ({ cookie, 'x-nucleus-key': key });

/** A POST as our own page makes it, but for what is said otherwise; an empty header is left out. */
function put(
  path: string,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const all = { origin: ui.url, 'sec-fetch-site': 'same-origin', ...headers };
  return ask(ui.url, body, {
    path,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
  });
}

interface Replied {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}
const replyOf = ({ body }: Answer): Replied => JSON.parse(body) as Replied;
const valueOf = (answer: Answer): unknown => replyOf(answer).value;
const codeOf = (answer: Answer): string | undefined => replyOf(answer).error?.code;

let calls = 0;
/** A call of a model that waits for a person, and the id of its question. */
async function waiting(
  t: test.TestContext,
): Promise<{ client: Attached; outcome: Promise<unknown>; id: string }> {
  const client = await attach(t, guarded.home);
  await client.initialize();
  const query = `call ${(calls += 1)}`;
  const outcome = client.call('db_prod_execute', { query });
  const { id } = await guarded.desk.question(({ arguments: args }) => args.includes(query));
  return { client, outcome, id };
}

const withPin = (id: string, pin = testPin): object => ({
  question: 'approvals.allow',
  input: { id },
  pin,
});
let yeses = 0;
const once = (): Record<string, string> => ({ 'x-nucleus-once': `a-yes-with-an-id-${(yeses += 1)}` });

test('a link opens one session, and nothing else opens any', async () => {
  verifies('NEW-028');
  const link = new URL(ui.makeLink());
  assert.match(link.pathname, /^\/open\/[\w-]{43}$/, '256 bit');
  const ahead = await ask(ui.url, null, {
    path: link.pathname,
    headers: { 'sec-purpose': 'prefetch;prerender' },
  });
  assert.equal(ahead.status, 403, 'a browser that loads ahead does not use it up');
  assert.equal((await ask(ui.url, null, { path: link.pathname, method: 'HEAD' })).status, 403);
  assert.equal((await ask(ui.url, null, { path: link.pathname })).status, 303);
  const again = await ask(ui.url, null, { path: link.pathname });
  assert.equal(again.status, 403);
  assert.equal(again.headers['set-cookie'], undefined);
  for (const path of ['/open/', '/open/x', `/open/${'A'.repeat(43)}`, '/open/../open'])
    assert.notEqual((await ask(ui.url, null, { path })).status, 303, path);
});

test('a page on another site, name or port gets nothing, with the cookie or without', async () => {
  verifies('NEW-028', 'NEX-042');
  const browser = await comeIn();
  const { host, port } = new URL(ui.url);
  const refused: readonly (readonly [string, Record<string, string>])[] = [
    ['another site', { origin: 'https://evil.example' }],
    ['another port', { origin: `http://127.0.0.1:${Number(port) + 1}` }],
    ['another name of this machine', { origin: `http://localhost:${port}` }],
    ['another scheme', { origin: `https://${host}` }],
    ['a sandboxed frame', { origin: 'null' }],
    ['no origin', { origin: '' }],
    ['a browser that says cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['a browser that says same-site, as another port is', { 'sec-fetch-site': 'same-site' }],
    ['a name that resolves here', { host: `evil.example:${port}`, origin: `http://evil.example:${port}` }],
    [
      'a name that begins like ours',
      { host: `127.0.0.1.nip.io:${port}`, origin: `http://127.0.0.1.nip.io:${port}` },
    ],
    ['an address of another machine', { host: `10.0.0.1:${port}`, origin: `http://10.0.0.1:${port}` }],
  ];
  for (const [what, headers] of refused) {
    const answer = await put('/api/profiles.list', {}, { ...headersOf(browser), ...headers });
    assert.equal(answer.status, 403, what);
    assert.equal(answer.headers['access-control-allow-origin'], undefined, what);
  }
  for (const headers of [{ host: `evil.example:${port}` }, { origin: 'https://evil.example' }])
    assert.equal((await ask(ui.url, null, { path: '/', headers })).status, 403, 'the files neither');
  const preflight = await ask(ui.url, null, {
    path: '/api/profiles.list',
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.status, 403);
  const absolute = await raw(
    ui.url,
    `GET http://evil.example/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(statusOf(absolute), 403);
  const fine = await put('/api/profiles.list', {}, headersOf(browser));
  assert.equal(fine.status, 200);
  assert.equal(fine.headers['cache-control'], 'no-store');
});

test('neither the cookie alone nor the token of a client is a session', async () => {
  verifies('NEW-028');
  const browser = await comeIn();
  const token = await addClient(guarded.gateway, 'a-model');
  const asWhom: readonly (readonly [string, Record<string, string>])[] = [
    ['nobody', {}],
    ['the cookie, which every port of this machine is sent', { cookie: browser.cookie }],
    ['the cookie with a key of its own', { cookie: browser.cookie, 'x-nucleus-key': 'A'.repeat(43) }],
    ['the key alone', { 'x-nucleus-key': browser.key }],
    ['a client', { authorization: `Bearer ${token}` }],
    ['a client with the cookie', { authorization: `Bearer ${token}`, cookie: browser.cookie }],
  ];
  for (const [who, headers] of asWhom)
    for (const path of ['/api/profiles.list', '/api/person.askWithPin', '/events', '/sign-out']) {
      const answer = await put(path, {}, headers);
      assert.equal(answer.status, 401, `${who} at ${path}`);
      assert.equal(codeOf(answer), 'TOKEN_INVALID');
    }
  const claimed = await put('/claim', {}, { cookie: browser.cookie });
  assert.deepEqual(valueOf(claimed), { key: null }, 'the key is handed out once');
  const http = await urlOf(guarded.gateway);
  const there = await ask(http, {}, { path: '/api/profiles.list', token, headers: headersOf(browser) });
  assert.equal(there.status, 404, 'and the front for clients serves none of it');
});

test('another user of this machine is turned away, the link in hand', async (t) => {
  verifies('NEW-028');
  if (!needs(t, 'setpriv') || !needs(t, 'curl')) return;
  const link = ui.makeLink();
  const curl = ['curl', '--silent', '--output', '/dev/null', '--write-out', '%{http_code}', link];
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', ...curl];
  const { stdout } = await promisify(execFile)('setpriv', asNobody, { timeout: 30_000 });
  assert.equal(stdout, '403');
  assert.equal((await ask(ui.url, null, { path: new URL(link).pathname })).status, 303, 'it was not used up');
});

test('what takes a person takes the PIN, whatever the words', async (t) => {
  verifies('NEW-028', 'NEW-002');
  const browser = await comeIn();
  const { client, id, outcome } = await waiting(t);
  const mine = headersOf(browser);
  const bare = await put('/api/approvals.allow', { id }, mine);
  assert.deepEqual([bare.status, codeOf(bare)], [200, 'PERSON_REQUIRED']);
  for (const [name, input] of [
    ['lock.release', {}],
    ['pin.set', { pin: '902114' }],
    ['pin.remove', {}],
    ['policy.save', { text: '', base: null }],
    ['hosts.connect', { host: 'cursor' }],
    ['import.run', { version: 'x', servers: ['a'], clean: false }],
    ['doctor.fix', { check: 'x', subject: null }],
  ] as const)
    assert.equal(codeOf(await put(`/api/${name}`, input, mine)), 'PERSON_REQUIRED', name);
  // The proofs of a terminal and of the system's dialog would come from wherever the command runs.
  for (const name of [
    'person.askWithSystem',
    'person.setFirstPin',
    'settings.get',
    'app.quit',
    'constructor.name',
  ])
    assert.equal(codeOf(await put(`/api/${name}`, withPin(id), mine)), 'METHOD_UNKNOWN', name);
  for (const pin of ['', '000000', testPin.slice(1)])
    assert.equal(
      codeOf(await put('/api/person.askWithPin', withPin(id, pin), { ...mine, ...once() })),
      'PIN_WRONG',
    );
  assert.deepEqual(guarded.reached('prod'), []);
  await until('a no that counts', () => guarded.desk.deny(id), 30_000);
  assert.equal(nucleusErrorOf(await outcome)?.code, 'APPROVAL_REFUSED');
  client.close();
});

test('a yes with the PIN counts once, for the question it was given to', async (t) => {
  verifies('NEW-028', 'NEW-002');
  const browser = await comeIn();
  const first = await waiting(t);
  const yes = { ...headersOf(browser), ...once() };
  const without = await put('/api/person.askWithPin', withPin(first.id), headersOf(browser));
  assert.deepEqual(
    [without.status, codeOf(without)],
    [403, 'PERSON_REQUIRED'],
    'an id of the yes belongs to it',
  );
  await until(
    'a yes that counts',
    async () => {
      const said = await put('/api/person.askWithPin', withPin(first.id), { ...yes, ...once() });
      return (valueOf(said) as { answer: { counted: boolean } }).answer.counted;
    },
    30_000,
  );
  assert.equal(nucleusErrorOf(await first.outcome), undefined);
  assert.deepEqual(guarded.reached('prod'), ['execute']);

  // The very same request again, and the same PIN for another question under the same id.
  const second = await waiting(t);
  const spent = { ...headersOf(browser), ...once() };
  assert.equal((await put('/api/person.askWithPin', withPin(first.id), spent)).status, 200);
  for (const id of [first.id, second.id]) {
    const replayed = await put('/api/person.askWithPin', withPin(id), spent);
    assert.deepEqual([replayed.status, codeOf(replayed)], [403, 'PERSON_REQUIRED']);
  }
  // In another session the id is as new as the person's own, and the PIN as needed.
  const other = await comeIn();
  const stolen = { ...headersOf(other), 'x-nucleus-once': spent['x-nucleus-once'] ?? '' };
  assert.equal(
    codeOf(await put('/api/person.askWithPin', withPin(second.id, '111222'), stolen)),
    'PIN_WRONG',
  );
  assert.deepEqual(guarded.reached('prod'), ['execute']);
  await until('a no that counts', () => guarded.desk.deny(second.id), 30_000);
  await second.outcome;
});

test('only JSON is heard, and no more of it than a question may hold', async () => {
  verifies('NEW-028');
  const browser = headersOf(await comeIn());
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/json;x=y',
    '',
  ])
    assert.equal(
      (await put('/api/profiles.list', '{}', { ...browser, 'content-type': type || 'none' })).status,
      415,
      type,
    );
  assert.equal((await put('/api/profiles.list', '{', browser)).status, 400);
  const huge = await send(ui.url, null, {
    path: '/api/profiles.list',
    method: 'POST',
    headers: {
      ...browser,
      origin: ui.url,
      'content-type': 'application/json',
      'content-length': String(100 * 1024 * 1024),
      expect: '100-continue',
    },
  });
  assert.equal(huge.statusCode, 413);
  huge.destroy();
  for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE'])
    assert.equal(
      (await ask(ui.url, null, { path: '/', method, headers: { origin: ui.url } })).status,
      405,
      method,
    );
});

test('no path leads out of the folder of the pages, and no page can be framed', async () => {
  verifies('NEW-028');
  const { host } = new URL(ui.url);
  for (const path of [
    '/../secret.js',
    '/..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/..\\secret.js',
    '/%5c..%5csecret.js',
    '//secret.js',
    '/./../secret.js',
    '/index.html%00.js',
    '/C:/secret.js',
    '/index.html/',
    '/assets/',
    '/%',
  ]) {
    const answer = await raw(ui.url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    assert.ok([400, 404].includes(statusOf(answer)), `${path}: ${answer.slice(0, 80)}`);
    assert.ok(!answer.includes('beside the pages'), path);
  }
  const { status, headers } = await ask(ui.url, null, { path: '/' });
  assert.equal(status, 200);
  const policy = String(headers['content-security-policy']);
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ])
    assert.ok(policy.includes(part), part);
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

test('after signing out the session answers nothing, and its stream ends', async () => {
  verifies('NEW-028');
  const browser = headersOf(await comeIn());
  const stream = await send(ui.url, {}, { path: '/events', headers: { ...browser, origin: ui.url } });
  assert.equal(stream.statusCode, 200);
  assert.equal(stream.headers['content-type'], 'text/event-stream');
  const ended = new Promise<void>((resolve) => stream.resume().once('end', resolve));
  assert.equal((await put('/sign-out', {}, browser)).status, 200);
  await withDeadline('the end of the stream', ended, 30_000);
  assert.equal((await put('/api/profiles.list', {}, browser)).status, 401);
});

test('a page hears by its stream what others changed', async () => {
  verifies('NEW-028');
  const browser = headersOf(await comeIn());
  const stream = await send(ui.url, {}, { path: '/events', headers: { ...browser, origin: ui.url } });
  let text = '';
  stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await until('the stream is open', () => text.startsWith(':'), 30_000);
  await guarded.gateway.ask('profiles.clearDefault', { connector: 'db' });
  await guarded.gateway.ask('profiles.use', { id: 'db:prod' });
  await until('the profiles are told', () => /^data: \{"topics":\[.*"profiles"/m.test(text), 30_000);
  stream.destroy();
});
