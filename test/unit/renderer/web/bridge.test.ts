import assert from 'node:assert/strict';
import test from 'node:test';
import { createWebBridge } from '../../../../src-renderer/web/bridge.ts';
import type { Reply } from '../../../../src-shared/bridge.ts';

const fine = (value: unknown): Reply => ({ ok: true, value });
const failed = (code: string, data: unknown = {}): Reply => ({
  ok: false,
  error: { code, message: 'no', data },
});

function setUp(answer: (path: string) => Reply) {
  const posted: [string, unknown, unknown][] = [];
  const proven: [string, unknown][] = [];
  let ids = 0;
  const bridge = createWebBridge({
    session: {
      post: async (path, input, headers) => (posted.push([path, input, headers]), answer(path)),
    },
    answers: {
      'app.copy': ({ text }: { text: string }) => ({ copied: text }),
      'app.quit': () => Promise.reject(new Error('not now')),
    },
    prove(question, input, send) {
      proven.push([question, input]);
      return send('481516');
    },
    newId: () => `id-${(ids += 1)}`,
  });
  return { bridge, posted, proven };
}

test('a question goes to the server, and one of the app is answered here', async () => {
  const { bridge, posted } = setUp(() => fine([]));
  assert.deepEqual(await bridge.ask('profiles.list', {}), fine([]));
  assert.deepEqual(await bridge.ask('app.copy', { text: 'x' }), fine({ copied: 'x' }));
  const quit = await bridge.ask('app.quit', {});
  assert.deepEqual(!quit.ok && quit.error.message, 'not now');
  await bridge.ask('constructor', {});
  assert.deepEqual(
    posted.map(([path]) => path),
    ['/api/profiles.list', '/api/constructor'],
  );
});

test('what takes a person is put again with the PIN, under an id of its own each time', async () => {
  const { bridge, posted, proven } = setUp((path) =>
    path === '/api/person.askWithPin'
      ? fine({ answer: { counted: true } })
      : failed('PERSON_REQUIRED', { way: 'pin' }),
  );
  for (const id of ['a', 'b'])
    assert.deepEqual(await bridge.ask('approvals.allow', { id }), fine({ counted: true }));
  assert.deepEqual(proven, [
    ['approvals.allow', { id: 'a' }],
    ['approvals.allow', { id: 'b' }],
  ]);
  assert.deepEqual(
    posted.filter(([path]) => path.endsWith('askWithPin')),
    [
      [
        '/api/person.askWithPin',
        { question: 'approvals.allow', input: { id: 'a' }, pin: '481516' },
        { 'x-nucleus-once': 'id-1' },
      ],
      [
        '/api/person.askWithPin',
        { question: 'approvals.allow', input: { id: 'b' }, pin: '481516' },
        { 'x-nucleus-once': 'id-2' },
      ],
    ],
  );
});

test('any other refusal asks for no PIN', async () => {
  for (const reply of [failed('PERSON_REQUIRED'), failed('PIN_WRONG', { way: 'pin' }), failed('LOCKED')]) {
    const { bridge, proven } = setUp(() => reply);
    assert.deepEqual(await bridge.ask('lock.release', {}), reply);
    assert.deepEqual(proven, []);
  }
});

test('whoever listens is told, until they stop', () => {
  const { bridge } = setUp(() => fine(null));
  const heard: unknown[] = [];
  const stop = bridge.on((topics) => heard.push(topics));
  bridge.tell(['status']);
  stop();
  bridge.tell(['tools']);
  assert.deepEqual(heard, [['status']]);
});
