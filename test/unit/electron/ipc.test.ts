import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import type { Reply } from '../../../src-shared/bridge.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { type Answers, type AskEvent, serveAsks } from '../../../src-main/electron/ipc.ts';
import type { Log } from '../../../src-main/gateway/platform.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const ask = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({
  kind: 'ask' as const,
  input,
  output,
});
const contract = {
  profiles: {
    use: ask(z.object({ id: z.string() }), z.object({ id: z.string() })),
    fail: ask(z.object({}), z.object({})),
    lie: ask(z.object({}), z.object({ count: z.int() })),
    wait: ask(z.object({}), z.object({})),
  },
};

/** The door with its handlers behind it, closed to some windows; answers what the page would get. */
function open(answersTo?: (sender: AskEvent['sender'], all: Answers) => Answers | null) {
  const used: string[] = [];
  const signals: AbortSignal[] = [];
  const handlers = {
    profiles: {
      use: ({ id }: { id: string }) => (used.push(id), { id, secret: 'kept' }),
      fail() {
        throw new NucleusError('PROFILE_UNKNOWN', 'no profile with id "a:b"', { profile: 'a:b' });
      },
      lie: () => ({ count: 'many' }),
      wait: (_input: unknown, { signal }: { signal: AbortSignal }) => (signals.push(signal), {}),
    },
  };
  const all = { contract, handlers };
  let listener: (event: AskEvent, ...args: unknown[]) => unknown = () => undefined;
  serveAsks(
    { handle: (_channel, given) => (listener = given) },
    { log: silent, answersTo: (sender) => (answersTo ? answersTo(sender, all) : all) },
  );
  return {
    used,
    signals,
    put: (event: AskEvent, ...args: unknown[]) => listener(event, ...args) as Promise<Reply>,
  };
}

function page(origin = 'app://nucleus', parent: unknown = null) {
  const gone: (() => void)[] = [];
  const event: AskEvent = {
    senderFrame: { origin, parent },
    sender: { once: (_event, listener) => gone.push(listener) },
  };
  return { event, close: () => gone.forEach((tell) => tell()) };
}

test('a page of ours is answered, with what the contract names and nothing more', async () => {
  const { put, used } = open();
  assert.deepEqual(await put(page().event, 'profiles.use', { id: 'a:b' }), {
    ok: true,
    value: { id: 'a:b' },
  });
  assert.deepEqual(used, ['a:b']);
});

for (const [who, event] of [
  ['another origin', page('https://example.org').event],
  ['an opaque origin', page('null').event],
  ['another host of our protocol', page('app://other').event],
  ['a frame inside our page', page('app://nucleus', {}).event],
  ['a frame that is gone', { ...page().event, senderFrame: null }],
] as const)
  test(`${who} is refused, and no handler runs`, async () => {
    const { put, used } = open();
    assert.deepEqual(await put(event, 'profiles.use', { id: 'a:b' }), {
      ok: false,
      error: { code: 'FORBIDDEN', message: 'only the windows of Nucleus may ask' },
    });
    assert.deepEqual(used, []);
  });

test('each window is answered what is its own, and one that is neither is answered nothing', async () => {
  const [whole, small, other] = [page(), page(), page()];
  const { put, used } = open((sender, all) => {
    if (sender === whole.event.sender) return all;
    const few = { profiles: { fail: contract.profiles.fail } };
    return sender === small.event.sender ? { contract: few, handlers: all.handlers } : null;
  });
  const codes = await Promise.all(
    [small, other, whole].map(async ({ event }) => {
      const reply = await put(event, 'profiles.use', { id: 'a:b' });
      return reply.ok ? 'answered' : reply.error.code;
    }),
  );
  assert.deepEqual(codes, ['METHOD_UNKNOWN', 'FORBIDDEN', 'answered']);
  assert.deepEqual(used, ['a:b']);
});

for (const [what, name, input, code] of [
  ['an unknown question', 'profiles.burn', {}, 'METHOD_UNKNOWN'],
  ['a name of Object', 'profiles.constructor', {}, 'METHOD_UNKNOWN'],
  ['the prototype', '__proto__.toString', {}, 'METHOD_UNKNOWN'],
  ['a name that is no text', { toString: () => 'profiles.use' }, {}, 'METHOD_UNKNOWN'],
  ['no name', undefined, undefined, 'METHOD_UNKNOWN'],
  ['a wrong input', 'profiles.use', { id: 3 }, 'ARGUMENTS_INVALID'],
  ['no input', 'profiles.use', undefined, 'ARGUMENTS_INVALID'],
  ['a list as input', 'profiles.use', [], 'ARGUMENTS_INVALID'],
] as const)
  test(`${what} is an error as data`, async () => {
    const { put, used } = open();
    const reply = await put(page().event, name, input);
    assert.equal(reply.ok ? null : reply.error.code, code);
    assert.deepEqual(used, []);
  });

test('a failure keeps its code, its sentence and its data', async () => {
  const { put } = open();
  assert.deepEqual(await put(page().event, 'profiles.fail', {}), {
    ok: false,
    error: { code: 'PROFILE_UNKNOWN', message: 'no profile with id "a:b"', data: { profile: 'a:b' } },
  });
});

test('an answer that is not what the contract says does not reach the page', async () => {
  const { put } = open();
  const reply = await put(page().event, 'profiles.lie', {});
  assert.equal(reply.ok ? null : reply.error.code, 'INTERNAL');
});

test('what a page asked is told when the page is gone', async () => {
  const { put, signals } = open();
  const { event, close } = page();
  await put(event, 'profiles.wait', {});
  await put(event, 'profiles.wait', {});
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, false],
  );
  close();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
});
