import assert from 'node:assert/strict';
import test from 'node:test';
import { isRedirect, partitionOf, refusesWindows } from '../../../src-main/electron/sign-in-rules.ts';
import { mayShow } from '../../../src-shared/page-address.ts';

const same = (url: string, redirectUri: string) => isRedirect(new URL(url), new URL(redirectUri));

test('the redirect URI is met by scheme, host, port and path, whatever the query', () => {
  const loopback = 'http://127.0.0.1:4711/callback';
  assert.ok(same('http://127.0.0.1:4711/callback?code=1&state=2', loopback));
  assert.ok(same('http://127.0.0.1:4711/callback#code=1', loopback));
  for (const other of [
    'http://127.0.0.1:4712/callback?code=1',
    'http://127.0.0.1/callback?code=1',
    'http://localhost:4711/callback?code=1',
    'https://127.0.0.1:4711/callback?code=1',
    'http://127.0.0.1:4711/callback/?code=1',
    'http://127.0.0.1:4711/Callback?code=1',
    'http://127.0.0.1:4711/callback/../x?code=1',
    'http://me@127.0.0.1:4711/callback?code=1',
    'http://127.0.0.1:4711.example.com/callback?code=1',
  ])
    assert.equal(URL.canParse(other) && same(other, loopback), false, other);
});

test('a scheme of our own is met the same way', () => {
  assert.ok(same('dev.nucleus.app:/callback?code=1', 'dev.nucleus.app:/callback'));
  assert.ok(same('DEV.nucleus.app:/callback', 'dev.nucleus.app:/callback'));
  for (const other of ['dev.nucleus.app:/other', 'dev.nucleus.app://callback', 'dev.nucleus.apps:/callback'])
    assert.equal(same(other, 'dev.nucleus.app:/callback'), false, other);
});

test('pages are encrypted or do not leave this machine', () => {
  for (const fine of [
    'https://example.com/',
    'http://127.0.0.1:3000/',
    'http://127.9.9.9/',
    'http://localhost/',
    'http://[::1]/',
    'http://2130706433/', // 127.0.0.1, as URL reads it
  ])
    assert.ok(mayShow(new URL(fine)), fine);
  for (const bad of [
    'http://example.com/',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://0.0.0.0/',
    'http://192.168.1.1/',
    'file:///etc/passwd',
    'data:text/html,x',
    'javascript:alert(1)',
    'about:blank',
    'blob:https://example.com/1',
    'chrome://settings',
    'app://nucleus/index.html',
  ])
    assert.equal(mayShow(new URL(bad)), false, bad);
});

test('Google’s no to windows is known by its page, and no other page passes for it', () => {
  const says = (url: string): boolean => refusesWindows(new URL(url));
  assert.equal(says('https://accounts.google.com/v3/signin/rejected?hl=en'), true);
  assert.equal(says('https://accounts.google.com/signin/oauth/error?authError=x'), true);
  assert.equal(says('https://accounts.google.com/signin/oauth/consent'), false);
  assert.equal(says('https://accounts.google.com.evil.example/signin/rejected'), false);
});

test('no two profiles share a store, not even those that differ by punctuation only', () => {
  const ids = ['a:b-c', 'a-b:c', 'a:b_c', 'a:b'];
  assert.equal(new Set(ids.map((id) => partitionOf(id).toLowerCase())).size, ids.length);
  for (const id of ids) assert.match(partitionOf(id), /^persist:profile-[0-9a-f]{32}$/);
});
