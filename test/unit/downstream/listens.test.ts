import assert from 'node:assert/strict';
import test from 'node:test';
import type { ModernRequest } from '../../../src-main/gateway/downstream/modern.ts';
import { createListens } from '../../../src-main/gateway/downstream/listens.ts';
import { createSubscriptions } from '../../../src-main/gateway/routing/subscriptions.ts';
import type { View } from '../../../src-main/gateway/routing/view.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import { createFakeLog, settled } from '../../helpers/fake-clock.ts';

const binding = { profile: 'db:prod', connector: 'db', alias: 'prod', metadata: {} };
const uri = 'nucleus://db/prod/file:///a';

function setUp() {
  /** What was said to upstreams, with who wanted it. */
  const said: string[] = [];
  const log = createFakeLog();
  const current = { isShown: true, isRefusing: false };
  const subscriptions = createSubscriptions({
    log,
    supervisor: () => ({
      request(profile, method, params) {
        said.push(`restart: ${method} ${profile} ${String(params?.['uri'])}`);
        return Promise.resolve({ kind: 'made', body: { result: {} } });
      },
    }),
  });
  const listens = createListens({
    log,
    subscriptions,
    version: '9.9.9',
    settle: async () => {},
    dispatch({ method, route, principal }) {
      said.push(`${principal}: ${method} ${route.binding.profile} ${route.name}`);
      return current.isRefusing
        ? Promise.reject(new Error('denied'))
        : Promise.resolve({ kind: 'made', body: { result: {} } });
    },
  });
  const view = {
    get bindings() {
      return current.isShown ? [binding] : [];
    },
    missing: () => [],
    greeting: () => ({ capabilities: { resources: { subscribe: true } }, serverInfo: { name: 'db' } }),
    findResource: (asked: string) => (asked === uri ? { binding, name: 'file:///a' } : null),
  } as unknown as View;

  function listen(principal = 'laptop', isHeard = true) {
    const heard: Params[] = [];
    const answers: string[] = [];
    const request = {
      frame: {
        kind: 'request',
        id: 0,
        method: 'subscriptions/listen',
        params: { notifications: { toolsListChanged: true, resourceSubscriptions: [uri, 'file:///a', 7] } },
      },
      envelope: { capabilities: {}, clientInfo: {}, logLevel: null },
      headers: null,
      caller: { principal },
      view: () => view,
      client: {},
      io: {
        answer: (message) => void answers.push(message.join('')),
        notify(message) {
          heard.push(JSON.parse(message.join('')) as Params);
          return isHeard || heard.length < 2;
        },
      },
    } satisfies ModernRequest;
    const answering = listens.open(request, (error) => answers.push(String(error)));
    return { heard, answers, answering };
  }
  return { subscriptions, listens, listen, said, log, current };
}

test('only what is declared and in the view is promised, and the upstream is told once', async () => {
  const { listen, said, listens } = setUp();
  const first = listen();
  const second = listen('phone');
  await settled();
  const stamp = { 'io.modelcontextprotocol/subscriptionId': 0 };
  assert.deepEqual(first.heard[0]?.['params'], {
    notifications: { resourceSubscriptions: [uri] },
    _meta: stamp,
  });
  assert.deepEqual(said, ['laptop: resources/subscribe db:prod file:///a']);

  listens.updated('db:prod', { uri: 'file:///a', title: 'A' });
  listens.updated('db:prod', { uri: 'file:///b' });
  listens.updated('db:other', { uri: 'file:///a' });
  for (const { heard } of [first, second]) {
    assert.equal(heard.length, 2);
    assert.deepEqual(heard[1]?.['params'], { uri, title: 'A', _meta: stamp });
  }

  first.answering.cancel();
  assert.equal(said.length, 1);
  second.answering.cancel();
  assert.deepEqual(said.slice(1), ['phone: resources/unsubscribe db:prod file:///a']);
  listens.updated('db:prod', { uri: 'file:///a' });
  assert.equal(first.heard.length, 2);
  assert.deepEqual([first.answers, second.answers], [[], []]);
});

test('a new connection of the upstream is told again', async () => {
  const { listen, said, subscriptions } = setUp();
  const { answering } = listen();
  await settled();
  subscriptions.ready('db:other');
  subscriptions.ready('db:prod');
  assert.deepEqual(said.slice(1), ['restart: resources/subscribe db:prod file:///a']);
  answering.cancel();
  subscriptions.ready('db:prod');
  assert.equal(said.length, 3);
});

test('what is no longer in the view of a client is not told to it', async () => {
  const { listen, listens, current } = setUp();
  const { heard } = listen();
  await settled();
  current.isShown = false;
  listens.updated('db:prod', { uri: 'file:///a' });
  assert.equal(heard.length, 1);
});

test('a client that cannot hear any more is let go', async () => {
  const { listen, listens, said } = setUp();
  const { answering } = listen('laptop', false);
  await settled();
  listens.updated('db:prod', { uri: 'file:///a' });
  await answering.done;
  assert.match(said.at(-1) ?? '', /resources\/unsubscribe/);
});

test('a subscription that is refused upstream is logged and ends nothing', async () => {
  const { listen, log, current } = setUp();
  current.isRefusing = true;
  const { heard, answers } = listen();
  await settled();
  assert.deepEqual([heard.length, answers], [1, []]);
  assert.deepEqual(log.lines, ['warn resources/subscribe failed']);
});

test('at the end of the gateway each is answered', async () => {
  const { listen, listens } = setUp();
  const { answers, answering } = listen();
  await settled();
  listens.close();
  await answering.done;
  assert.deepEqual(
    answers.map((answer) => JSON.parse(answer) as object),
    [
      {
        jsonrpc: '2.0',
        id: 0,
        result: {
          resultType: 'complete',
          _meta: {
            'io.modelcontextprotocol/serverInfo': { name: 'db' },
            'io.modelcontextprotocol/subscriptionId': 0,
          },
        },
      },
    ],
  );
});
