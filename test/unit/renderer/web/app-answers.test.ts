import assert from 'node:assert/strict';
import test from 'node:test';
import { createAppAnswers } from '../../../../src-renderer/web/app-answers.ts';
import { appContract } from '../../../../src-shared/contract.ts';

function setUp(kept: string | null = null) {
  let stored = kept;
  const done: unknown[] = [];
  const answers = createAppAnswers({
    storage: { getItem: () => stored, setItem: (_, value) => void (stored = value) },
    post: async () => ({ ok: true, value: { file: '/home/config.toml' } }),
    askPath: async (title) => (done.push(['path', title]), '/tmp/shop.db'),
    show: (...words) => void done.push(words),
    copy: async (value) => void done.push(['copy', value]),
    openPage: (url) => void done.push(['open', url]),
    signOut: async () => void done.push('out'),
  });
  const ask = async (name: string, input: object = {}): Promise<unknown> => answers[name]?.(input as never);
  return { answers, ask, done, stored: () => stored };
}

test('everything the app answers to a window is answered to a page, as the contract has it', async () => {
  const { answers, ask, done } = setUp();
  const { events: _events, ...asks } = appContract;
  const inputs: Readonly<Record<string, object>> = {
    'app.pickFile': { title: 'Database' },
    'app.copy': { text: 'x' },
    'app.openPage': { url: 'https://a.example/' },
    'settings.set': { theme: 'dark' },
  };
  const names = Object.entries(asks).flatMap(([group, questions]) =>
    Object.keys(questions).map((key) => `${group}.${key}`),
  );
  assert.deepEqual(Object.keys(answers).sort(), names.sort());
  for (const [group, questions] of Object.entries(asks))
    for (const [key, { output }] of Object.entries(questions)) {
      const name = `${group}.${key}`;
      output.parse(await ask(name, inputs[name] ?? {}));
    }
  assert.deepEqual(done, [
    'out',
    ['path', 'Database'],
    ['copy', 'x'],
    ['open', 'https://a.example/'],
    ['config.toml is on the machine Nucleus runs on', '/home/config.toml'],
  ]);
});

test('the theme and the last view are kept, and nothing odd is taken from where they are', async () => {
  const { ask, stored } = setUp();
  await ask('settings.set', { theme: 'dark' });
  await ask('settings.set', { view: 'policy', wantsAdd: true });
  assert.deepEqual(await ask('settings.get'), {
    theme: 'dark',
    view: 'policy',
    autostart: null,
    wantsAdd: false,
    updates: null,
  });
  assert.deepEqual(await setUp(stored()).ask('settings.get'), await ask('settings.get'));
  for (const odd of ['', '{', 'null', '[]', '{"theme":"x","view":"toString"}'])
    assert.deepEqual(
      await setUp(odd).ask('settings.get'),
      { theme: 'system', view: 'profiles', autostart: null, wantsAdd: false, updates: null },
      odd,
    );
});

test('only pages are opened whose text nobody on the way can change, in the app as in the page', async () => {
  const { ask, done } = setUp();
  const { input } = appContract.app.openPage;
  for (const url of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://example.com/tokens',
    'http://127.0.0.1.example.com/',
    'http://localhost@example.com/',
    'http://192.168.0.1/',
    'no address',
  ]) {
    await assert.rejects(ask('app.openPage', { url }), /only web pages/, url);
    assert.equal(input.safeParse({ url }).success, false, url);
  }
  assert.deepEqual(done, []);
  for (const url of ['https://example.com/tokens', 'http://127.0.0.1:3000/', 'http://[::1]:3000/']) {
    await ask('app.openPage', { url });
    assert.equal(input.safeParse({ url }).success, true, url);
  }
  assert.equal(done.length, 3);
});
