import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterLook,
  isNewer,
  LastLook,
  newsOf,
  readRelease,
  releases,
  waitFor,
} from '../../../src-main/electron/update-answer.ts';

const day = 86_400_000;
const unread = { problem: 'the answer names no version as releases do' };

test('one address is asked and one page is opened, both over HTTPS', () => {
  for (const address of Object.values(releases)) assert.equal(new URL(address).protocol, 'https:');
});

test('the answer names the newest release, with or without a v', () => {
  assert.deepEqual(readRelease('{"tag_name":"v1.2.3"}'), { version: '1.2.3' });
  assert.deepEqual(readRelease('{"tag_name":"10.0.0+build.7","draft":false,"prerelease":false,"name":"x"}'), {
    version: '10.0.0',
  });
});

test('what comes before a release is none', () => {
  for (const release of [
    { tag_name: 'v2.0.0-beta.1' },
    { tag_name: 'v2.0.0', prerelease: true },
    { tag_name: 'v2.0.0', draft: true },
  ])
    assert.deepEqual(readRelease(JSON.stringify(release)), { version: null });
});

test('an answer that is no release is said, and nothing of its text goes on', () => {
  for (const body of [
    '',
    '<html>',
    'null',
    '[]',
    '{}',
    '{"tag_name":3}',
    '{"tag_name":"1.2"}',
    '{"tag_name":"1.2.3 <b>"}',
    '{"tag_name":"01.2.3"}',
    '{"tag_name":"1.2.3\\u202e"}',
    '{"tag_name":"1.2.3","draft":"no"}',
    `{"tag_name":"1.2.${'9'.repeat(400)}"}`,
  ])
    assert.deepEqual(readRelease(body), unread, body);
});

test('versions are compared number by number', () => {
  for (const [release, own] of [
    ['0.1.1', '0.1.0'],
    ['0.10.0', '0.9.9'],
    ['1.0.0', '0.99.99'],
    ['1.0.0', '1.0.0-rc.1'],
  ] as const) {
    assert.equal(isNewer(release, own), true, `${release} after ${own}`);
    assert.equal(isNewer(own, release), false, `${own} after ${release}`);
  }
  assert.equal(isNewer('1.0.0', '1.0.0'), false);
  assert.equal(isNewer('1.0.0', 'of a kind of its own'), false);
});

test('a newer version is told with the page of releases, until it is what runs', () => {
  const look = { at: 5, version: '1.2.3', problem: null };
  const last = { at: 5, problem: null, nextAt: 5 + day };
  assert.deepEqual(newsOf(look, '1.2.2'), { newer: { version: '1.2.3', page: releases.page }, last });
  assert.deepEqual(newsOf(look, '1.2.3'), { newer: null, last });
  assert.deepEqual(newsOf({ ...look, version: null }, '1.2.2'), { newer: null, last });
});

test('a look that failed says why, and takes nothing back that was known', () => {
  const found = afterLook(null, 1, { version: '1.2.3' });
  const failed = afterLook(found, 2, { problem: 'no' });
  assert.deepEqual(failed, { at: 2, version: '1.2.3', problem: 'no' });
  assert.deepEqual(newsOf(failed, '1.0.0'), {
    newer: { version: '1.2.3', page: releases.page },
    last: { at: 2, problem: 'no', nextAt: 2 + day },
  });
  assert.deepEqual(afterLook(failed, 3, { version: null }), { at: 3, version: null, problem: null });
});

test('the next look is a day after the last, whatever the clock was set to', () => {
  const look = { at: 10 * day, version: null, problem: null };
  assert.equal(waitFor(null, 10 * day), 0);
  assert.equal(waitFor(look, 10 * day), day);
  assert.equal(waitFor(look, 10.5 * day), day / 2);
  assert.equal(waitFor(look, 12 * day), 0);
  assert.equal(waitFor(look, 3 * day), day);
});

test('what is kept is read back, and what was damaged is not', () => {
  const look = { at: 1, version: '1.2.3', problem: null };
  assert.deepEqual(LastLook.parse(JSON.parse(JSON.stringify(look))), look);
  assert.equal(LastLook.safeParse({ ...look, at: 'yesterday' }).success, false);
  // Edited by hand it is still no text of its own that is shown.
  assert.equal(newsOf({ ...look, version: '9.9.9 at evil.example' }, '1.0.0').newer, null);
});
