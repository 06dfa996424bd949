import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isFor, type Grant } from '../../../src-main/gateway/sign-in/grant.ts';
import { checkAddress, createSignInFetch } from '../../../src-main/gateway/sign-in/web.ts';
import { createFakeClock, settled } from '../../helpers/fake-clock.ts';

const far = new URL('https://mcp.example.com/mcp');
const near = new URL('http://127.0.0.1:8080/mcp');

test('a sign-in goes where it is encrypted, or stays on this machine', () => {
  const isAllowed = (address: string, server: URL): boolean => {
    try {
      checkAddress(new URL(address), server);
      return true;
    } catch {
      return false;
    }
  };
  assert.deepEqual(
    [
      ['https://login.example.com/', far],
      ['http://login.example.com/', far],
      ['http://127.0.0.1:9000/', far],
      ['https://localhost/', far],
      ['http://[::1]:9000/', far],
      ['https://user:secret@login.example.com/', far],
      ['file:///etc/passwd', far],
      ['http://127.0.0.1:9000/', near],
      ['http://localhost:9000/', near],
      ['https://login.example.com/', near],
      ['http://10.0.0.1/', near],
    ].map(([address, server]) => isAllowed(String(address), server as URL)),
    [true, false, false, false, false, false, false, true, true, true, false],
  );
});

test('an answer that is too long or never comes is given up', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/long') response.end(Buffer.alloc(2 * 1024 * 1024));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const clock = createFakeClock();
  const fetchFn = createSignInFetch({ clock, server: base });
  await assert.rejects(fetchFn(new URL('/long', base)), /more than 1048576 bytes/);
  const asked = fetchFn(new URL('/never', base));
  asked.catch(() => {});
  await settled();
  await clock.advance(20_000);
  await assert.rejects(asked, /took too long/);
  assert.equal(clock.waiting, 0);
});

test('a redirect leads no further than an address does, and takes nothing along', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const to = { '/moved': '/there', '/away': 'http://example.com/', '/round': '/round' }[request.url ?? ''];
    if (to === undefined) response.end('here');
    else response.writeHead(302, { location: to }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const fetchFn = createSignInFetch({ clock: createFakeClock(), server: base });
  assert.equal(await (await fetchFn(new URL('/moved', base))).text(), 'here');
  await assert.rejects(fetchFn(new URL('/away', base)), /http:\/\/example.com is not encrypted/);
  assert.equal((await fetchFn(new URL('/round', base))).status, 302);
  asked.length = 0;
  assert.equal((await fetchFn(new URL('/moved', base), { method: 'POST', body: 'secret' })).status, 302);
  assert.deepEqual(asked, ['POST /moved']);
});

test('tokens are for one address, or for what the server calls its own', () => {
  const grant = (resource: string | null): Grant => ({ server: 'https://x.test/a/mcp', resource }) as Grant;
  const fits = (resource: string | null, url: string): boolean => isFor(grant(resource), new URL(url));
  assert.equal(fits(null, 'https://x.test/a/mcp?project=1'), true);
  assert.equal(fits(null, 'https://x.test/b/mcp'), false);
  assert.equal(fits('https://x.test/', 'https://x.test/b/mcp'), true);
  assert.equal(fits('https://x.test/a', 'https://x.test/ab/mcp'), false);
  assert.equal(fits('https://x.test/a', 'https://x.test/a/other'), true);
  assert.equal(fits('https://x.test/', 'https://y.test/'), false);
  assert.equal(fits('https://x.test/', 'http://x.test/'), false);
});
