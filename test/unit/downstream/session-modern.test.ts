import assert from 'node:assert/strict';
import test from 'node:test';
import type { ModernRequest } from '../../../src-main/gateway/downstream/modern.ts';
import { createSessionModern } from '../../../src-main/gateway/downstream/session-modern.ts';
import { settled } from '../../helpers/fake-clock.ts';

const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'modern-test' },
};

function setUp() {
  const requests: (ModernRequest & { finishes: number; cancels: number; end: () => void })[] = [];
  const written: string[] = [];
  const client = { name: 'unknown' };
  const work = { count: 0 };
  const modern = createSessionModern({
    answerModern(request) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry = { ...request, finishes: 0, cancels: 0, end: resolve };
      requests.push(entry);
      return {
        done: promise,
        finish: () => void (entry.finishes += 1),
        cancel: () => void (entry.cancels += 1),
      };
    },
    client,
    named: (name) => void (client.name = name),
    caller: { principal: 'laptop' },
    view: () => assert.fail('the view was not needed'),
    write: (_id, message) => void written.push(message.join('')),
    notify(message, about) {
      written.push(`${about}: ${message.join('')}`);
      return true;
    },
    work(task) {
      work.count += 1;
      void task.finally(() => (work.count -= 1));
    },
  });
  const take = (id: number, params: Record<string, unknown>): boolean =>
    modern.take({ kind: 'request', id, method: 'tools/call', params });
  return { modern, take, requests, written, client, work };
}

test('a request without an envelope is left to the session', () => {
  const { take, requests } = setUp();
  assert.equal(take(1, { name: 'a' }), false);
  assert.equal(requests.length, 0);
});

test('a request with an envelope is answered by itself, for the one client of the connection', async () => {
  const { take, modern, requests, written, client, work } = setUp();
  assert.equal(take(1, { name: 'a', _meta }), true);
  const [request] = requests;
  assert.ok(request);
  assert.deepEqual([request.headers, request.caller.principal, client.name], [null, 'laptop', 'modern-test']);
  assert.equal(request.client, client);
  request.io.notify(['note']);
  request.io.answer(['answer'], 404);
  assert.deepEqual(written, ['1: note', 'answer']);
  assert.deepEqual([modern.has(1), work.count], [true, 1]);
  request.end();
  await settled();
  assert.deepEqual([modern.has(1), work.count], [false, 0]);
});

test('an envelope that is not whole is refused in its place', () => {
  const { take, written } = setUp();
  const { 'io.modelcontextprotocol/clientCapabilities': _, ...half } = _meta;
  assert.equal(take(7, { _meta: half }), true);
  const { id, error } = JSON.parse(written[0] ?? '') as { id: number; error: { code: number } };
  assert.deepEqual([id, error.code], [7, -32602]);
});

test('one is cancelled by its id, and all are ended with the session', () => {
  const { take, modern, requests } = setUp();
  take(1, { _meta });
  take(2, { _meta });
  modern.cancel(1);
  modern.finish();
  modern.close();
  assert.deepEqual(
    requests.map(({ cancels, finishes }) => [cancels, finishes]),
    [
      [2, 1],
      [1, 1],
    ],
  );
});
