import assert from 'node:assert/strict';
import test from 'node:test';
import { createOpenRequests } from '../../../src-main/cli/open-requests.ts';

const line = (message: object): Buffer => Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
const ids = (requests: ReturnType<typeof createOpenRequests>) => requests.take().map(({ id }) => id);

test('what was asked is open until it is answered, whatever its id is', () => {
  const requests = createOpenRequests();
  for (const id of [0, 1, '', 'x', '1']) requests.sent(line({ id, method: 'tools/call' }));
  for (const id of [0, 'x']) assert.equal(requests.received(line({ id, result: {} })), true);
  assert.deepEqual(ids(requests), [1, '', '1']);
  assert.deepEqual(ids(requests), []);
});

test('large requests and answers are told by their ends, in both orders of keys', () => {
  const text = 'x'.repeat(100_000);
  const requests = createOpenRequests();
  requests.sent(line({ id: 1, method: 'tools/call', params: { text } }));
  requests.sent(
    Buffer.from(JSON.stringify({ method: 'tools/call', params: { text }, jsonrpc: '2.0', id: 'b' })),
  );
  requests.sent(
    Buffer.from(JSON.stringify({ params: { text }, id: 3, method: 'tools/call', jsonrpc: '2.0' })),
  );
  assert.equal(requests.received(line({ id: 1, result: { text } })), true);
  assert.equal(
    requests.received(Buffer.from(JSON.stringify({ result: { text }, jsonrpc: '2.0', id: 'b' }))),
    true,
  );
  assert.deepEqual(ids(requests), [3]);
});

test('a large answer that names other ids inside closes only its own request', () => {
  const requests = createOpenRequests();
  for (const id of [1, 2]) requests.sent(line({ id, method: 'tools/call' }));
  requests.received(line({ id: 2, result: { text: 'x'.repeat(100_000), last: { id: 1 } } }));
  assert.deepEqual(ids(requests), [1]);
});

test('lists and pings keep their line, because they may be asked again', () => {
  const requests = createOpenRequests();
  for (const method of ['ping', 'tools/list', 'tools/call', 'vendor/thing'])
    requests.sent(line({ id: method, method }));
  assert.deepEqual(
    requests.take().map(({ method, line: kept }) => [method, kept !== null]),
    [
      ['ping', true],
      ['tools/list', true],
      ['tools/call', false],
      ['vendor/thing', false],
    ],
  );
});

test('an opened session is opened again, and the second answer is kept from the client', () => {
  const requests = createOpenRequests();
  const opening = [line({ id: 0, method: 'initialize' }), line({ method: 'notifications/initialized' })];
  for (const one of opening) requests.sent(one);
  assert.equal(requests.received(line({ id: 0, result: {} })), true);
  assert.deepEqual(requests.opening(), opening);
  assert.equal(requests.received(line({ id: 0, result: {} })), false);
  // Later requests may use that id again.
  requests.sent(line({ id: 0, method: 'tools/call' }));
  assert.equal(requests.received(line({ id: 0, result: {} })), true);
});

test('a client that was still waiting for its first answer gets the one of the next gateway', () => {
  const requests = createOpenRequests();
  requests.sent(line({ id: 0, method: 'initialize' }));
  assert.deepEqual(ids(requests), []);
  assert.equal(requests.opening().length, 1);
  assert.equal(requests.received(line({ id: 0, result: {} })), true);
});

test('a cancelled request is open no longer', () => {
  const requests = createOpenRequests();
  requests.sent(line({ id: 0, method: 'tools/call' }));
  requests.sent(line({ method: 'notifications/cancelled', params: { requestId: 0 } }));
  assert.deepEqual(ids(requests), []);
});

test('a request whose parameters are no object is open too, for the gateway answers it', () => {
  const requests = createOpenRequests();
  requests.sent(line({ id: 'odd', method: 'tools/call', params: [1] }));
  requests.sent(line({ id: null, method: 'tools/call' }));
  assert.deepEqual(ids(requests), ['odd']);
});

test('before a client said anything there is nothing to say again', () => {
  assert.deepEqual(createOpenRequests().opening(), []);
});

test('notices and requests of the gateway pass, also with an id that is open', () => {
  const requests = createOpenRequests();
  requests.sent(line({ id: 1, method: 'tools/call' }));
  assert.equal(requests.received(line({ method: 'notifications/progress', params: {} })), true);
  assert.equal(requests.received(line({ id: 1, method: 'ping' })), true);
  assert.deepEqual(ids(requests), [1]);
});
