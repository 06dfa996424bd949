import assert from 'node:assert/strict';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { askLatest } from '../../../src-main/electron/update-request.ts';

/* The one request of the update check, against a server on this machine; the app gives it node:https. */

const path = '/repos/a/b/releases/latest';
const host = '127.0.0.1';

async function open(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = new URL(`http://${host}:${(server.address() as AddressInfo).port}${path}`);
  const ask = (change: { limitMs?: number; address?: URL; signal?: AbortSignal } = {}) =>
    askLatest(
      { address: change.address ?? address, version: '0.1.0', get, limitMs: change.limitMs ?? 30_000 },
      change.signal ?? new AbortController().signal,
    );
  return { ask, asked, address };
}

test('it asks one address for the newest release and says its version, nothing else', async (t) => {
  const { ask, asked, address } = await open(t, (_, response) => response.end('{"tag_name":"v1.2.3"}'));
  assert.deepEqual(await ask(), { version: '1.2.3' });
  assert.deepEqual(
    asked.map(({ method, url, headers }) => ({ method, url, headers })),
    [
      {
        method: 'GET',
        url: path,
        headers: {
          accept: 'application/vnd.github+json',
          'user-agent': 'Nucleus/0.1.0',
          host: address.host,
          connection: 'close',
        },
      },
    ],
  );
});

test('a redirect is followed on the same host, and neither to another one nor for ever', async (t) => {
  const moved = await open(t, ({ url }, response) =>
    url === path
      ? response.writeHead(301, { location: '/moved', 'set-cookie': 'a=1' }).end()
      : response.end('{"tag_name":"v1.2.3"}'),
  );
  assert.deepEqual(await moved.ask(), { version: '1.2.3' });
  assert.equal(moved.asked[1]?.headers.cookie, undefined);

  const elsewhere = await open(t, (_, response) => response.end('{"tag_name":"v6.6.6"}'));
  const leading = await open(t, (_, response) =>
    response.writeHead(302, { location: elsewhere.address.href }).end(),
  );
  assert.deepEqual(await leading.ask(), { problem: `${host} leads to another host` });
  assert.deepEqual(elsewhere.asked, []);

  const circle = await open(t, (_, response) => response.writeHead(302, { location: path }).end());
  assert.deepEqual(await circle.ask(), { problem: `${host} leads in a circle` });
  assert.equal(circle.asked.length, 4);
});

test('a host that never answers is given up, before its answer and within', async (t) => {
  const silent = await open(t, () => {});
  assert.deepEqual(await silent.ask({ limitMs: 500 }), { problem: `${host} did not answer within 0.5 s` });
  const slow = await open(t, (_, response) => response.write('{"tag_name":'));
  assert.deepEqual(await slow.ask({ limitMs: 500 }), { problem: `${host} did not answer within 0.5 s` });
});

test('no more than 256 KiB are read', async (t) => {
  const release = '{"tag_name":"v1.2.3"}';
  const most = await open(t, (_, response) => response.end(release.padEnd(256 * 1_024)));
  assert.deepEqual(await most.ask(), { version: '1.2.3' });
  const { promise: isCut, resolve } = Promise.withResolvers<void>();
  const endless = await open(t, (_, response) => {
    response.on('close', resolve);
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  assert.deepEqual(await endless.ask(), { problem: `${host} answered more than 256 KiB` });
  await isCut;
});

test('what is no release is said in a sentence without its text', async (t) => {
  const missing = await open(t, (_, response) => response.writeHead(404).end('{"message":"Not Found"}'));
  assert.deepEqual(await missing.ask(), { problem: `${host} answered 404` });
  const odd = await open(t, (_, response) => response.end('<h1>Sign in to this network</h1>'));
  assert.deepEqual(await odd.ask(), { problem: 'the answer names no version as releases do' });
  const torn = await open(t, ({ socket }) => socket.destroy());
  assert.deepEqual(await torn.ask(), { problem: `${host} was not reached (ECONNRESET)` });
  const lost = await open(t, (_, response) => response.writeHead(302).end());
  assert.deepEqual(await lost.ask(), { problem: `${host} answered 302` });
});

test('a name that leads nowhere by its nature is not asked for', async (t) => {
  const { ask } = await open(t, () => {});
  assert.deepEqual(await ask({ address: new URL('https://api.nucleus.invalid/latest') }), {
    problem: 'Nucleus has no page of releases yet',
  });
});

test('switched off, it stops at once', async (t) => {
  const off = new AbortController();
  const { ask, asked } = await open(t, () => off.abort());
  assert.deepEqual(await ask({ signal: off.signal }), { problem: `${host} was not reached (ABORT_ERR)` });
  assert.equal(asked.length, 1);
});
