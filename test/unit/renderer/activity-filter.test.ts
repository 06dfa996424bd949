import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  complete,
  filterKeys,
  filterWord,
  isEmptyFilter,
  readFilter,
  suggest,
  type FilterKey,
} from '../../../src-renderer/state/activity-filter.ts';

const now = Date.parse('2026-11-20T14:31:07Z');
const read = (text: string) => readFilter(text, now).filters;
const none = readFilter('', now).filters;
const values = {
  ...(Object.fromEntries(filterKeys.map((key) => [key, []])) as unknown as Record<FilterKey, string[]>),
  profile: ['supabase:prod', 'supabase:staging'],
  client: ['Claude Code'],
};

test('words are looked for as they are, and an id is a word', () => {
  assert.deepEqual(read('drop  supabase:prod'), { ...none, words: 'drop supabase:prod' });
  assert.deepEqual(read('"exactly this"').words, 'exactly this');
});

test('a key limits what its name says, and keys together must all hold', () => {
  assert.deepEqual(
    read('profile:supabase:prod profile:github:work class:PROD class:none tool:query client:"Claude Code"'),
    {
      ...none,
      profile: ['supabase:prod', 'github:work'],
      env: ['prod', null],
      tool: 'query',
      client: 'Claude Code',
    },
  );
  assert.deepEqual(read('decision:denied via:cli').decision, ['denied']);
});

test('failed and denied stand for the outcomes of the record, whose own words work too', () => {
  assert.deepEqual(read('outcome:failed').outcome, ['upstream-error', 'transport-error', 'unknown']);
  assert.deepEqual(read('outcome:Denied outcome:ok').outcome, ['blocked', 'ok']);
});

test('a class or a key that is still being typed limits nothing', () => {
  assert.deepEqual(read('class:pro tool:'), none);
  assert.equal(isEmptyFilter(readFilter('class:pro', now)), true);
  assert.equal(isEmptyFilter(readFilter('since:1h', now)), false);
});

test('a time is an age, a time of day that was, a day or a moment; what is none of these is named', () => {
  assert.equal(read('since:15m').since, now - 900_000);
  assert.equal(read('since:2026-11-19T10:00:00Z').since, Date.parse('2026-11-19T10:00:00Z'));
  assert.equal(read('until:2026-11-19').until, new Date(2026, 10, 19).getTime());
  const today = new Date(now).setHours(0, 0, 0, 0);
  assert.equal(read('since:00:00').since, today);
  const later = new Date(now + 3_600_000);
  const clock = `${String(later.getHours()).padStart(2, '0')}:${String(later.getMinutes()).padStart(2, '0')}`;
  assert.ok((read(`since:${clock}`).since ?? now) <= now, 'no time of day is one that is still to come');
  const bad = readFilter('since:yesterday query', now);
  assert.deepEqual([bad.badTime, bad.filters.since, bad.filters.words], ['since', null, 'query']);
});

test('the word at the caret is completed: first its key, then a value, in quotes where it has several words', () => {
  const keys = suggest('query cl', 8, values);
  assert.deepEqual(
    keys.offers.map(({ label }) => label),
    ['class:', 'client:'],
  );
  const offer = keys.offers[1];
  assert.ok(offer);
  const begun = complete('query cl', keys, offer);
  assert.deepEqual(begun, { text: 'query client:', caret: 13 });
  const client = suggest(begun.text, begun.caret, values);
  assert.ok(client.offers[0]);
  assert.deepEqual(complete(begun.text, client, client.offers[0]), {
    text: 'query client:"Claude Code" ',
    caret: 27,
  });
});

test('in the middle of the text only that word is replaced, and what stands behind it stays', () => {
  const text = 'profile:stag since:1h';
  const found = suggest(text, 10, values);
  assert.deepEqual(
    found.offers.map(({ label }) => label),
    ['supabase:staging'],
  );
  assert.ok(found.offers[0]);
  assert.equal(complete(text, found, found.offers[0]).text, 'profile:supabase:staging since:1h');
  assert.deepEqual(suggest('profile:supabase:prod', 21, values).offers, [], 'nothing is left to complete');
});

test('what is written for a value is read as that value', () => {
  for (const value of ['supabase:prod', 'Claude Code', 'a:b:c'])
    assert.deepEqual(read(filterWord('client', value)).client, value);
});
