import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { contract, type AskContext, type Handlers } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import {
  answerAsk,
  connectControl,
  createControlSession,
  localApi,
} from '../../../src-main/gateway/downstream/control.ts';
import { settled } from '../../helpers/fake-clock.ts';
import { failsWith, temporaryFolder } from '../storage/support.ts';
import type { Message } from '../../helpers/fake-transport.ts';

/** Handlers of which a test needs a few. */
const handlersOf = (some: object): Handlers => some as Handlers;

function setUp(some: object) {
  const written: string[] = [];
  const session = createControlSession(handlersOf(some), (line) => written.push(line));
  return {
    session,
    written,
    received: () => written.map((line) => JSON.parse(line) as Message),
    say: (line: object | string) =>
      session.receive(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line))),
  };
}

const errorOf = (message: Message | undefined) =>
  message?.error as { code: number; message: string; data: { code: string } };

test('a question is answered under its id', async () => {
  const { say, received } = setUp({ profiles: { remove: ({ id }: { id: string }) => ({ removed: [id] }) } });
  say({ jsonrpc: '2.0', id: 0, method: 'profiles.remove', params: { id: 'db:prod' } });
  await settled();
  assert.deepEqual(received(), [{ jsonrpc: '2.0', id: 0, result: { removed: ['db:prod'] } }]);
});

test('a question nobody knows is refused, also one that every object has', async () => {
  const { say, received } = setUp({ profiles: {} });
  const methods = [
    'profiles.destroy',
    'profiles',
    '',
    'constructor.name',
    'profiles.constructor',
    '__proto__.toString',
    'profiles.list.x',
  ];
  for (const [id, method] of methods.entries()) say({ jsonrpc: '2.0', id, method, params: {} });
  await settled();
  assert.deepEqual(
    received().map((message) => errorOf(message).data.code),
    methods.map(() => 'METHOD_UNKNOWN'),
  );
});

test('an input that does not fit the contract is refused and reaches no handler', async () => {
  let asked = 0;
  const { say, received } = setUp({ profiles: { remove: () => (asked++, { removed: [] }) } });
  say({ jsonrpc: '2.0', id: 1, method: 'profiles.remove', params: { id: 7 } });
  say({ jsonrpc: '2.0', id: 2, method: 'profiles.remove' });
  await settled();
  assert.deepEqual(
    received().map((message) => errorOf(message).data.code),
    ['ARGUMENTS_INVALID', 'ARGUMENTS_INVALID'],
  );
  assert.equal(asked, 0);
});

test('a failure of a handler is an error with its code', async () => {
  const { say, received } = setUp({
    profiles: {
      remove: () => {
        throw new NucleusError('PROFILE_UNKNOWN', 'no profile with id "x:y"');
      },
    },
  });
  say({ jsonrpc: '2.0', id: 1, method: 'profiles.remove', params: { id: 'x:y' } });
  await settled();
  assert.deepEqual(received()[0]?.error, {
    code: -32602,
    message: 'no profile with id "x:y"',
    data: { code: 'PROFILE_UNKNOWN' },
  });
});

test('a result nested too deeply to be written is an error, and the next question is answered', async () => {
  const depth = 100_000;
  const deep: unknown = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
  const { say, received } = setUp({
    tools: { call: () => ({ deep }) },
    profiles: { remove: () => ({ removed: [] }) },
  });
  say({ jsonrpc: '2.0', id: 1, method: 'tools.call', params: { name: 'x', arguments: {} } });
  say({ jsonrpc: '2.0', id: 2, method: 'profiles.remove', params: { id: 'x:y' } });
  await settled();
  const byId = new Map(received().map((message) => [message.id, message]));
  assert.equal(errorOf(byId.get(1)).data.code, 'INTERNAL');
  assert.deepEqual(byId.get(2)?.result, { removed: [] });
});

test('what is no question is taken without an answer', async () => {
  const { say, written } = setUp({});
  for (const line of [
    'garbage',
    '[]',
    '{"jsonrpc":"2.0","method":"profiles.list"}',
    '{"jsonrpc":"2.0","id":1,"result":{}}',
  ])
    say(line);
  await settled();
  assert.deepEqual(written, []);
});

test('a handler hears when the one who asked is gone', async () => {
  const signals: AbortSignal[] = [];
  const { say, session } = setUp({
    profiles: {
      remove: (_input: unknown, { signal }: AskContext) => (signals.push(signal), { removed: [] }),
    },
  });
  say({ jsonrpc: '2.0', id: 1, method: 'profiles.remove', params: { id: 'x:y' } });
  await settled();
  assert.equal(signals[0]?.aborted, false);
  session.close();
  assert.equal(signals[0]?.aborted, true);
});

test('an answer that does not fit the contract is a failure of ours, not an answer', async () => {
  const context = { signal: AbortSignal.abort() };
  await assert.rejects(
    answerAsk(
      contract,
      handlersOf({ profiles: { remove: () => ({}) } }),
      'profiles.remove',
      { id: 'x' },
      context,
    ),
  );
});

test('the contract in this process asks the same handlers, checked the same way', async () => {
  const api = localApi(
    handlersOf({ profiles: { remove: ({ id }: { id: string }) => ({ removed: [id], more: 1 }) } }),
  );
  assert.deepEqual(await api.profiles.remove({ id: 'db:prod' }), { removed: ['db:prod'] });
  await assert.rejects(api.profiles.remove({} as never), { code: 'ARGUMENTS_INVALID' });
});

test('nothing is asked over a socket that others may have put there', async (t) => {
  const folder = temporaryFolder(t);
  const server = createServer(() => assert.fail('somebody connected')).listen(join(folder, 's'));
  t.after(() => server.close());
  await once(server, 'listening');
  chmodSync(folder, 0o755);
  await assert.rejects(
    connectControl(join(folder, 's'), '0.1.0'),
    failsWith('STATE_UNUSABLE', 'open to other users'),
  );
});
