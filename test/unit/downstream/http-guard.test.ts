import assert from 'node:assert/strict';
import test from 'node:test';
import {
  formatAddress,
  isLoopback,
  parseAddress,
} from '../../../src-main/gateway/downstream/http-address.ts';
import {
  callerOf,
  challenge,
  resourceMetadata,
  viewOf,
} from '../../../src-main/gateway/downstream/http-authorize.ts';
import { createGuard } from '../../../src-main/gateway/downstream/http-guard.ts';
import { acceptsOf, isJson } from '../../../src-main/gateway/downstream/http-request.ts';
import { NucleusError } from '../../../src-shared/errors.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return (error as NucleusError).code;
  }
};

test('an address is a host and a port, and nothing else', () => {
  const good: readonly (readonly [text: string, host: string, port: number])[] = [
    ['127.0.0.1:8787', '127.0.0.1', 8787],
    ['localhost:0', 'localhost', 0],
    ['[::1]:1', '::1', 1],
    [':0', '', 0],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
  ];
  for (const [text, host, port] of good) {
    assert.deepEqual(parseAddress(text), { host, port });
    assert.equal(formatAddress({ host, port }), text);
  }
  for (const text of [
    '',
    '80',
    'host',
    '::1:80',
    '[127.0.0.1]:80',
    '[::1]',
    'a b:1',
    'a:1:2',
    'http://a:1',
    'a@b:1',
    'a:65536',
    'a:-1',
    'a:1 ',
  ])
    assert.equal(
      codeOf(() => parseAddress(text)),
      'USAGE',
      text,
    );
});

test('loopback is what only this machine reaches', () => {
  for (const host of ['127.0.0.1', '127.255.255.254', '::1', 'localhost', 'LOCALHOST'])
    assert.equal(isLoopback(host), true, host);
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
    '127.1',
    '0177.0.0.1',
    '127.0.0.1.nip.io',
    'localhost.',
    '10.0.0.1',
  ])
    assert.equal(isLoopback(host), false, host);
});

test('a host is judged by where the front is bound', () => {
  const refusal = (bound: string, host: string | undefined): string | null =>
    createGuard({ bound, allowedHosts: ['Nucleus.example', 'other.example:8443'], allowedOrigins: [] })({
      url: '/mcp',
      headers: host === undefined ? {} : { host },
    })?.code ?? null;
  for (const bound of ['127.0.0.1', '0.0.0.0']) {
    for (const host of [
      '127.0.0.1',
      '127.0.0.1:1',
      '[::1]:1',
      'localhost:1',
      'LocalHost',
      'nucleus.EXAMPLE:99',
      'other.example:8443',
    ])
      assert.equal(refusal(bound, host), null, host);
    for (const host of [
      undefined,
      '',
      'evil.example',
      'other.example',
      'localhost.',
      '0.0.0.0',
      '[::]',
      'localhost:x',
      'localhost:123456',
      '127.0.0.1, evil.example',
      '::1',
      '[::1',
    ])
      assert.equal(refusal(bound, host), 'HOST_REFUSED', String(host));
  }
  // Rebinding needs a name; who is reached from elsewhere is reached by its address too.
  assert.equal(refusal('127.0.0.1', '192.0.2.1:80'), 'HOST_REFUSED');
  assert.equal(refusal('0.0.0.0', '192.0.2.1:80'), null);
});

test('an origin passes only by its whole name', () => {
  const guard = createGuard({
    bound: '127.0.0.1',
    allowedHosts: [],
    allowedOrigins: ['https://a.example:8443'],
  });
  const refusal = (origin: string): string | null =>
    guard({ url: '/mcp', headers: { host: 'localhost', origin } })?.code ?? null;
  assert.equal(refusal('https://A.example:8443'), null);
  // The address that was asked: tools send it, and no page is served there.
  assert.equal(refusal('http://localhost'), null);
  for (const origin of [
    '',
    'null',
    '*',
    'https://a.example',
    'http://a.example:8443',
    'https://a.example:84430',
    'http://localhost:3000',
    'https://localhost',
  ])
    assert.equal(refusal(origin), 'ORIGIN_REFUSED', origin);
});

test('a request is for this server only in the form that names a path', () => {
  const guard = createGuard({ bound: '127.0.0.1', allowedHosts: [], allowedOrigins: [] });
  for (const url of ['http://127.0.0.1/mcp', '*', '', 'mcp'])
    assert.equal(guard({ url, headers: { host: '127.0.0.1' } })?.code, 'HOST_REFUSED', url);
});

test('a token stands in the Authorization header, as a bearer token, once', () => {
  const verify = (token: string) =>
    token === 'nuc_good'
      ? ({ kind: 'known', client: { name: 'me', view: null, createdAt: 0, expiresAt: null } } as const)
      : ({ kind: 'unknown' } as const);
  const who = (authorization?: string): string => {
    const headers = authorization === undefined ? {} : { authorization };
    let principal = '';
    const code = codeOf(() => (principal = callerOf({ headers }, verify).principal));
    return code === 'none' ? principal : code;
  };
  for (const header of ['Bearer nuc_good', 'bearer nuc_good', 'BEARER  nuc_good'])
    assert.equal(who(header), 'me');
  for (const header of [
    undefined,
    '',
    'nuc_good',
    'Bearer',
    'Bearer ',
    'Basic nuc_good',
    'Bearer nuc_good, Bearer nuc_bad',
    'Bearer nuc_good x',
    'Bearer\tnuc_good',
  ])
    assert.equal(who(header), 'TOKEN_REQUIRED', header);
  assert.equal(who('Bearer nuc_bad'), 'TOKEN_INVALID');
  assert.equal(callerOf({ headers: {} }, null).principal, 'local');
});

test('a path is one of two, and the second names an account', () => {
  assert.equal(viewOf('/mcp'), undefined);
  for (const path of ['/p/db:prod/mcp', '/p/db%3Aprod/mcp'])
    assert.deepEqual(viewOf(path), { transparent: true, profiles: [{ id: 'db:prod', alias: 'prod' }] });
  for (const path of [
    '',
    '/',
    '/mcp/',
    '/p/mcp',
    '/p//mcp',
    '/p/a/b/mcp',
    '/p/db:prod/mcp/',
    '/p/%/mcp',
    '/P/db:prod/mcp',
  ])
    assert.equal(
      codeOf(() => viewOf(path)),
      'PATH_UNKNOWN',
      path,
    );
});

test('the challenge cannot be broken out of', () => {
  const header = challenge('http://127.0.0.1:1', '/mcp", error="x', new NucleusError('TOKEN_REQUIRED', 'no'));
  assert.equal(
    header,
    'Bearer realm="nucleus", resource_metadata="http://127.0.0.1:1/.well-known/oauth-protected-resource/mcp%22, error=%22x"',
  );
  assert.equal(resourceMetadata('http://127.0.0.1:1', '/.well-known/oauth-protected-resourceful'), null);
});

test('an answer takes the forms that Accept names', () => {
  const forms = (accept?: string, revision?: string): string => {
    const { json, events, primed } = acceptsOf({
      headers: {
        ...(accept !== undefined && { accept }),
        ...(revision && { 'mcp-protocol-version': revision }),
      },
    });
    return [json && 'json', events && 'events', primed && 'primed'].filter(Boolean).join(' ');
  };
  assert.equal(forms(), 'json events');
  assert.equal(forms('*/*', '2025-11-25'), 'json events primed');
  assert.equal(forms('Application/JSON, Text/Event-Stream', '2025-06-18'), 'json events');
  assert.equal(forms('text/event-stream', '2026-07-28'), 'events primed');
  assert.equal(forms('text/html'), '');
  assert.equal(forms(''), '');
});

test('only a JSON type is JSON', () => {
  for (const type of ['application/json', 'APPLICATION/JSON; charset=utf-8', ' application/json ;x'])
    assert.equal(isJson({ headers: { 'content-type': type } }), true, type);
  for (const type of [
    undefined,
    '',
    'text/plain',
    'application/jsonp',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
  ])
    assert.equal(isJson({ headers: type === undefined ? {} : { 'content-type': type } }), false, type);
});
