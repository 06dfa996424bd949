import assert from 'node:assert/strict';
import test from 'node:test';
import { judge } from '../../../../src-main/cli/ui/guard.ts';

const own = { host: '127.0.0.1:4711', origin: 'http://127.0.0.1:4711' };
const judged = (method: string, headers: Readonly<Record<string, string>>, url = '/') =>
  judge({ url, method, headers })?.code ?? 'fine';

test('a page of ours may ask, on this machine or through a tunnel with a port of its own', () => {
  for (const host of ['127.0.0.1:4711', 'localhost:80', 'LOCALHOST:8123', '[::1]:4711', '127.0.0.1'])
    for (const site of ['same-origin', undefined])
      assert.equal(
        judged('POST', { host, origin: `http://${host}`, ...(site && { 'sec-fetch-site': site }) }),
        'fine',
        host,
      );
  assert.equal(judged('GET', { host: own.host }), 'fine');
  assert.equal(
    judged('GET', { host: own.host, 'sec-fetch-site': 'cross-site' }),
    'fine',
    'a link may lead here',
  );
});

test('whatever is meant for another name is refused', () => {
  for (const host of [
    '',
    'evil.example',
    'evil.example:4711',
    '127.0.0.1.nip.io:4711',
    'localhost.evil.example',
    '127.0.0.1:4711:1',
    '127.0.0.1@evil.example',
    '127.0.0.2:4711',
    '0.0.0.0:4711',
    '127.0.0.1:4711, evil.example',
  ])
    assert.equal(judged('POST', { host, origin: `http://${host}` }), 'HOST_REFUSED', host);
  assert.equal(judged('GET', { host: own.host }, 'http://evil.example/'), 'HOST_REFUSED');
});

test('a POST of another page, or of none, is refused', () => {
  for (const origin of [
    'https://127.0.0.1:4711',
    'http://127.0.0.1:4712',
    'http://localhost:4711',
    'null',
    '',
  ])
    assert.equal(judged('POST', { ...own, origin }), 'ORIGIN_REFUSED', origin);
  assert.equal(judged('POST', { host: own.host }), 'ORIGIN_REFUSED');
  for (const site of ['cross-site', 'same-site', 'none'])
    assert.equal(judged('POST', { ...own, 'sec-fetch-site': site }), 'ORIGIN_REFUSED', site);
  assert.equal(judged('GET', { ...own, origin: 'https://evil.example' }), 'ORIGIN_REFUSED');
});
