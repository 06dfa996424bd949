import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../../src-renderer/api.ts';
import type { NucleusBridge, Reply } from '../../../src-shared/bridge.ts';
import type { Topic } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';

function bridge(reply: Reply): NucleusBridge & { asked: unknown[]; tell(topics: Topic[]): void } {
  const asked: unknown[] = [];
  const listeners = new Set<(topics: readonly Topic[]) => void>();
  return {
    asked,
    tell: (topics) => listeners.forEach((listener) => listener(topics)),
    async ask(name, input) {
      asked.push([name, input]);
      return reply;
    },
    on: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
  };
}

test('a question goes by its name and its plain input', async () => {
  const door = bridge({ ok: true, value: { kept: true } });
  assert.deepEqual(await createApi(door).profiles.keep({ id: 'sqlite:prod' }), { kept: true });
  assert.deepEqual(door.asked, [['profiles.keep', { id: 'sqlite:prod' }]]);
});

test('an error reply is thrown as a NucleusError with its code and data', async () => {
  const error = { code: 'METADATA_INVALID', message: 'no file', data: { key: 'file' } };
  await assert.rejects(createApi(bridge({ ok: false, error })).profiles.list({}), (thrown) => {
    assert(thrown instanceof NucleusError);
    assert.deepEqual(
      [thrown.code, thrown.message, thrown.data],
      ['METADATA_INVALID', 'no file', { key: 'file' }],
    );
    return true;
  });
});

test('a code nobody knows becomes INTERNAL', async () => {
  const api = createApi(bridge({ ok: false, error: { code: 'FORBIDDEN', message: 'not ours' } }));
  await assert.rejects(api.gateway.status({}), { code: 'INTERNAL', message: 'not ours' });
});

test('topics are heard until the listener leaves', () => {
  const door = bridge({ ok: true, value: null });
  const heard: unknown[] = [];
  const stop = createApi(door).events.changed((payload) => void heard.push(payload));
  door.tell(['profiles', 'status']);
  stop();
  door.tell(['hosts']);
  assert.deepEqual(heard, [{ topics: ['profiles', 'status'] }]);
});
