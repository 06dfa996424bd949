import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { createClientTokens, type ClientTokens } from '../../../src-main/gateway/downstream/client-tokens.ts';
import { createClientStore } from '../../../src-main/gateway/storage/client-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { failsWith } from '../storage/support.ts';

/** Tokens over a registry of their own; `again` is what the next gateway makes of the same one. */
function setting(t: TestContext, random?: (bytes: number) => Buffer) {
  const { db, close } = openRegistry('memory');
  t.after(close);
  const clock = createFakeClock();
  const make = (): ClientTokens =>
    createClientTokens({ store: createClientStore(db), clock, ...(random && { random }) });
  return { db, clock, tokens: make(), again: make };
}

const everything = { view: null, lifetimeMs: null } as const;
const viewOf = (...ids: string[]) => ({
  profiles: ids.map((id) => {
    const [profile = '', alias] = id.split('=');
    return { id: profile, alias: alias ?? profile.split(':')[1] ?? '' };
  }),
});

test('a token is nuc_ and 32 random bytes, and the registry keeps its SHA-256 only', (t) => {
  const { db, tokens } = setting(t, (bytes) => Buffer.alloc(bytes, 0xfb));
  const { client, token } = tokens.add({ name: 'laptop', view: viewOf('fake:a=main'), lifetimeMs: null });
  assert.equal(token, 'nuc_-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s');
  assert.deepEqual(client, {
    name: 'laptop',
    view: { profiles: [{ id: 'fake:a', alias: 'main' }] },
    createdAt: 1_767_323_045,
    expiresAt: null,
  });
  assert.deepEqual(db.prepare('SELECT * FROM client_tokens').all(), [
    {
      name: 'laptop',
      hash: createHash('sha256').update(token).digest(),
      view: '[{"id":"fake:a","alias":"main"}]',
      workspace: null,
      created_at: 1_767_323_045,
      expires_at: null,
    },
  ]);
});

test('a token opens what it was made for, also in the next gateway, and no other text does', (t) => {
  const { tokens, again } = setting(t);
  const { client, token } = tokens.add({ name: 'laptop', view: viewOf('fake:a'), lifetimeMs: null });
  const other = tokens.add({ name: 'other', ...everything });
  assert.notEqual(other.token, token);
  for (const each of [tokens, again()]) {
    assert.deepEqual(each.verify(token), { kind: 'known', client });
    assert.deepEqual(each.verify(other.token), { kind: 'known', client: other.client });
  }
  const otherEnd = token.endsWith('A') ? 'B' : 'A';
  const wrong = [
    '',
    'nuc_',
    token.slice(0, -1),
    token.slice(0, -1) + otherEnd,
    `${token} `,
    `${token}A`,
    `x${token}`,
    token.slice(4),
    token.toUpperCase(),
    `nuc_${'A'.repeat(43)}`,
    createHash('sha256').update(token).digest('base64'),
    'x'.repeat(1_000_000),
  ];
  for (const text of wrong) assert.deepEqual(tokens.verify(text), { kind: 'unknown' }, text.slice(0, 60));
});

test('a token ends with its time, is told apart from an unknown one, and still counts', async (t) => {
  const { clock, tokens } = setting(t);
  const { client, token } = tokens.add({ name: 'guest', view: null, lifetimeMs: 60_000 });
  assert.equal(client.expiresAt, 1_767_323_106);
  await clock.advance(60_321);
  assert.equal(tokens.verify(token).kind, 'known');
  await clock.advance(1);
  assert.deepEqual(tokens.verify(token), { kind: 'expired', name: 'guest' });
  assert.equal(tokens.count(), 1);
  assert.throws(() => tokens.add({ name: 'guest', ...everything }), failsWith('CLIENT_EXISTS', 'guest'));
});

test('a removed token opens nothing, and whoever listens hears of it once', (t) => {
  const { tokens, again } = setting(t);
  const { token } = tokens.add({ name: 'laptop', ...everything });
  const heard: string[] = [];
  const forget = tokens.onRemoved((name) => heard.push(name));
  assert.equal(tokens.verify(token).kind, 'known');
  assert.deepEqual([tokens.remove('laptop'), tokens.remove('laptop')], [true, false]);
  for (const each of [tokens, again()]) {
    assert.deepEqual(each.verify(token), { kind: 'unknown' });
    assert.deepEqual([each.count(), each.list()], [0, []]);
  }
  assert.deepEqual(heard, ['laptop']);
  forget();
  const next = tokens.add({ name: 'laptop', ...everything });
  assert.notEqual(next.token, token);
  tokens.remove('laptop');
  assert.deepEqual(heard, ['laptop']);
});

test('names are checked, and the local one is nobody’s to take', (t) => {
  const { tokens } = setting(t);
  for (const name of ['', 'Laptop', 'a b', 'a:b', 'ü', '../x', 'x'.repeat(65)])
    assert.throws(() => tokens.add({ name, ...everything }), failsWith('NAME_INVALID', 'invalid client'));
  assert.throws(() => tokens.add({ name: 'local', ...everything }), failsWith('NAME_INVALID', 'local'));
  tokens.add({ name: 'laptop', ...everything });
  assert.throws(() => tokens.add({ name: 'laptop', ...everything }), failsWith('CLIENT_EXISTS', 'laptop'));
  assert.deepEqual(
    tokens.list().map(({ name }) => name),
    ['laptop'],
  );
});

test('a lifetime of nothing, or beyond ten years, is refused', (t) => {
  const { tokens } = setting(t);
  for (const lifetimeMs of [0, -1, Number.NaN, Infinity, 3_651 * 86_400_000])
    assert.throws(() => tokens.add({ name: 'a', view: null, lifetimeMs }), failsWith('USAGE', '3650d'));
  assert.equal(tokens.count(), 0);
});

test('there are 200 clients at most, and a removed one makes room', (t) => {
  const { tokens } = setting(t);
  for (let n = 0; n < 200; n++) tokens.add({ name: `c${n}`, ...everything });
  assert.throws(() => tokens.add({ name: 'more', ...everything }), failsWith('CLIENTS_FULL', '200'));
  tokens.remove('c17');
  tokens.add({ name: 'more', ...everything });
  assert.equal(tokens.count(), 200);
});

test('a renamed profile stays in the views that name it, and its alias follows where it was its name', (t) => {
  const { tokens, again } = setting(t);
  const add = (name: string, ...ids: string[]) =>
    tokens.add({ name, view: viewOf(...ids), lifetimeMs: null }).token;
  const named = add('named', 'fake:old', 'fake:b');
  const aliased = add('aliased', 'fake:old=main', 'fake:old');
  // The new name is another account's here; two accounts under one name could not be told apart.
  const taken = add('taken', 'fake:old', 'fake:b=new');
  // That of another connector is another name.
  const elsewhere = add('elsewhere', 'web:b=new', 'fake:old');
  const untouched = add('untouched', 'fake:b', 'fake:older');
  const all = tokens.add({ name: 'all', ...everything }).token;
  const heard: string[] = [];
  tokens.onViewChanged((name) => heard.push(name));
  tokens.verify(all);
  // Changes of other clients in between make no difference.
  add('late', 'fake:b');
  tokens.renameProfile('fake:old', 'fake:new');
  tokens.reload();
  for (const each of [tokens, again()]) {
    const seen = (token: string) => {
      const verdict = each.verify(token);
      assert(verdict.kind === 'known');
      return verdict.client.view;
    };
    assert.deepEqual(seen(named), viewOf('fake:new', 'fake:b'));
    assert.deepEqual(seen(aliased), viewOf('fake:new=main', 'fake:new'));
    assert.deepEqual(seen(taken), viewOf('fake:new=old', 'fake:b=new'));
    assert.deepEqual(seen(elsewhere), viewOf('web:b=new', 'fake:new'));
    assert.deepEqual(seen(untouched), viewOf('fake:b', 'fake:older'));
    assert.equal(seen(all), null);
  }
  assert.deepEqual(heard.sort(), ['aliased', 'elsewhere', 'named', 'taken']);
});

test('a removed profile leaves the views that name it, and a view without any does not become all', (t) => {
  const { tokens, again } = setting(t);
  const { token } = tokens.add({ name: 'one', view: viewOf('fake:a'), lifetimeMs: null });
  const heard: string[] = [];
  tokens.onViewChanged((name) => heard.push(name));
  tokens.verify(token);
  tokens.removeProfile('fake:a');
  tokens.reload();
  for (const each of [tokens, again()]) {
    const verdict = each.verify(token);
    assert(verdict.kind === 'known');
    assert.deepEqual(verdict.client.view, { profiles: [] });
  }
  assert.deepEqual(heard, ['one']);
});

test('what a transaction took back has not happened', (t) => {
  const { db, tokens } = setting(t);
  const { client, token } = tokens.add({ name: 'one', view: viewOf('fake:a'), lifetimeMs: null });
  tokens.onViewChanged(() => assert.fail('nothing changed'));
  tokens.verify(token);
  const half = db.transaction(() => {
    tokens.removeProfile('fake:a');
    throw new Error('the rest failed');
  });
  assert.throws(half, /the rest failed/);
  tokens.reload();
  assert.deepEqual(tokens.verify(token), { kind: 'known', client });
});

test('a spoiled row opens nothing and shows nothing, and can be removed', (t) => {
  const { db, again } = setting(t);
  const { tokens } = setting(t);
  const { token } = tokens.add({ name: 'spoiled', view: viewOf('fake:a'), lifetimeMs: null });
  const digest = createHash('sha256').update(token).digest();
  const insert = db.prepare('INSERT INTO client_tokens VALUES (?, ?, ?, 1, NULL, NULL)');
  insert.run('spoiled', digest, '[{"id":');
  insert.run('no-hash', 'text', null);
  const read = again();
  const verdict = read.verify(token);
  assert(verdict.kind === 'known');
  assert.deepEqual(verdict.client.view, { profiles: [] });
  assert.deepEqual([read.count(), read.remove('no-hash'), read.count()], [2, true, 1]);
});

test('a verdict costs no look into the registry', (t) => {
  const { db, tokens } = setting(t);
  const { token } = tokens.add({ name: 'laptop', ...everything });
  tokens.count();
  db.exec('DROP TABLE client_tokens');
  assert.equal(tokens.verify(token).kind, 'known');
});
