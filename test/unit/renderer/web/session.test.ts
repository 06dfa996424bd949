import assert from 'node:assert/strict';
import test from 'node:test';
import { openWebSession } from '../../../../src-renderer/web/session.ts';

type Request = { readonly path: string; readonly headers: Headers };

function setUp(answer: (request: Request) => Response | Promise<Response>, kept: string | null = null) {
  const store = new Map<string, string>(kept === null ? [] : [['nucleus-key', kept]]);
  const requests: Request[] = [];
  const open = () =>
    openWebSession({
      fetch: async (path, init) => {
        const request = { path, headers: new Headers(init.headers) };
        requests.push(request);
        return answer(request);
      },
      storage: {
        getItem: (name) => store.get(name) ?? null,
        setItem: (name, value) => void store.set(name, value),
        removeItem: (name) => void store.delete(name),
      },
    });
  return { open, store, requests };
}

const json = (value: unknown, status = 200): Response => Response.json(value, { status });
const claimed = (key: string | null): Response => json({ ok: true, value: { key } });

test('a tab asks for its key once and says it with every question', async () => {
  const { open, store, requests } = setUp(({ path }) =>
    path === '/claim' ? claimed('k1') : json({ ok: true, value: 1 }),
  );
  const session = (await open()) ?? assert.fail();
  assert.equal(store.get('nucleus-key'), 'k1');
  assert.deepEqual(await session.post('/api/x', {}, { more: '1' }), { ok: true, value: 1 });
  const [, asked] = requests;
  assert.equal(asked?.headers.get('x-nucleus-key'), 'k1');
  assert.equal(asked?.headers.get('more'), '1');
  assert.equal(asked?.headers.get('content-type'), 'application/json');
});

test('a page that is loaded again goes on with its key, and a new link comes before an old key', async () => {
  const again = setUp(() => claimed(null), 'k1');
  assert.notEqual(await again.open(), null);
  const another = setUp(() => claimed('k2'), 'k1');
  assert.notEqual(await another.open(), null);
  assert.equal(another.store.get('nucleus-key'), 'k2');
  assert.equal(await setUp(() => claimed(null)).open(), null);
  assert.equal(await setUp(() => Promise.reject(new TypeError('no network'))).open(), null);
});

test('a session that is refused is over, and its key forgotten', async () => {
  const { open, store } = setUp(
    ({ path }) =>
      path === '/claim'
        ? claimed(null)
        : json({ ok: false, error: { code: 'TOKEN_INVALID', message: 'gone' } }, 401),
    'k1',
  );
  const session = (await open()) ?? assert.fail();
  const reply = await session.post('/api/x', {});
  assert.deepEqual(!reply.ok && reply.error.code, 'TOKEN_INVALID');
  assert.equal(session.ended.aborted, true);
  assert.equal(store.size, 0);
});

test('a server that does not answer is a reply that says what to do, and the session lasts', async () => {
  const { open } = setUp(({ path }) =>
    path === '/claim' ? claimed('k1') : Promise.reject(new TypeError('refused')),
  );
  const session = (await open()) ?? assert.fail();
  const reply = await session.post('/api/x', {});
  assert.match(reply.ok ? '' : reply.error.message, /run it again in a terminal/);
  assert.equal(session.ended.aborted, false);
  await session.signOut();
  assert.equal(session.ended.aborted, true, 'also where nobody is told any more');
});
