import assert from 'node:assert/strict';
import test from 'node:test';
import { stem } from '../../../../src-main/gateway/routing/ranking/stem.ts';
import { splitWords, stems } from '../../../../src-main/gateway/routing/ranking/words.ts';

test('identifiers are split at humps, marks and where letters meet digits', () => {
  assert.deepEqual(splitWords('createPullRequest'), ['create', 'pull', 'request']);
  assert.deepEqual(splitWords('slack_post-message.v2'), ['slack', 'post', 'message', 'v2']);
  assert.deepEqual(splitWords('SQLQuery listPRs userIDs'), ['sql', 'query', 'list', 'prs', 'user', 'ids']);
  assert.deepEqual(splitWords('report2024 s3 k8s'), ['report', '2024', 's3', 'k8s']);
});

test('words of two letters are kept, single letters and words without meaning are not', () => {
  assert.deepEqual(stems('the PR of qa in eu, a db'), ['pr', 'qa', 'eu', 'db']);
  assert.deepEqual(stems('what do you have'), []);
});

test('other scripts are read: words where there are spaces, pairs of characters where there are none', () => {
  assert.deepEqual(splitWords('Größe поиск'), ['größe', 'поиск']);
  assert.deepEqual(splitWords('天気予報'), ['天気', '気予', '予報']);
});

test('data that was pasted in is no word', () => {
  assert.deepEqual(splitWords(`read ${'a'.repeat(41)} file`), ['read', 'file']);
});

test('forms of a word have one stem', () => {
  const same = (...words: readonly string[]): void =>
    assert.equal(new Set(words.map(stem)).size, 1, words.join(' '));
  same('query', 'queries', 'querying', 'queried');
  same('repository', 'repositories');
  same('create', 'created', 'creating', 'creates');
  same('deploy', 'deploys', 'deployed');
  same('message', 'messages', 'messaging');
  same('stop', 'stopped', 'stopping');
  same('analyse', 'analyze', 'analyzing');
  same('pr', 'prs');
});

test('words that only look alike keep stems of their own', () => {
  const stems = ['string', 'king', 'status', 'address', 'news', 'issue', 'user', 'data'].map(stem);
  assert.equal(new Set(stems).size, 8);
  assert.equal(stem('string'), 'string');
  assert.equal(stem('status'), 'status');
});
