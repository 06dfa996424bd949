import assert from 'node:assert/strict';
import test from 'node:test';
import type { Line } from '../../../../src-main/cli/ui/door.ts';
import { createQuestions } from '../../../../src-main/cli/ui/questions.ts';
import { contract, personContract } from '../../../../src-shared/contract.ts';
import { NucleusError } from '../../../../src-shared/errors.ts';

const never = new AbortController().signal;

test('every question of the contract is put, and each that takes a person refused without a proof', async () => {
  const asked: string[] = [];
  const api = new Proxy(
    {},
    {
      get: (_, group) =>
        new Proxy(
          {},
          {
            get: (_inner, key) => async () => (asked.push(`${String(group)}.${String(key)}`), 'an answer'),
          },
        ),
    },
  ) as Line['api'];
  let open = 0;
  const put = createQuestions(async () => ((open += 1), { api, close: () => void (open -= 1) }));
  const names = (groups: object): string[] =>
    Object.entries(groups).flatMap(([group, questions]) =>
      Object.keys(questions as object).map((key) => `${group}.${key}`),
    );
  const elsewhere = ['person.askWithSystem', 'person.setFirstPin'];
  const here = names(contract).filter((name) => !elsewhere.includes(name));
  for (const name of here)
    assert.deepEqual(await put(name, {}, never), { ok: true, value: 'an answer' }, name);
  assert.deepEqual(asked, here);
  const persons = names(personContract).filter((name) => !here.includes(name));
  assert.ok(persons.includes('approvals.allow') && persons.includes('pin.set'));
  for (const name of persons) {
    const reply = await put(name, {}, never);
    assert.deepEqual(
      !reply.ok && [reply.error.code, reply.error.data],
      ['PERSON_REQUIRED', { way: 'pin' }],
      name,
    );
  }
  for (const name of [
    ...elsewhere,
    'app.quit',
    'gateway',
    'gateway.',
    '.status',
    'gateway.status.more',
    'toString.call',
  ])
    assert.equal((await put(name, {}, never)).ok, false, name);
  assert.deepEqual(asked, here, 'none of them reached the gateway');
  assert.equal(open, 0, 'every connection is closed');
});

test('a page that is gone takes its question along, and a gateway that cannot be had says so', async () => {
  const gone = new AbortController();
  const answer = Promise.withResolvers<unknown>();
  const api = { gateway: { status: () => answer.promise } } as unknown as Line['api'];
  const put = createQuestions(async () => ({
    api,
    close: () => answer.reject(new NucleusError('CALL_CANCELLED', 'the connection is closed')),
  }));
  const reply = put('gateway.status', {}, gone.signal);
  await Promise.resolve();
  gone.abort();
  assert.equal((await reply).ok, false);
  const closed = createQuestions(() =>
    Promise.reject(new NucleusError('GATEWAY_STOPPED', 'Nucleus was stopped by you; run nucleus start')),
  );
  assert.deepEqual(await closed('gateway.status', {}, never), {
    ok: false,
    error: { code: 'GATEWAY_STOPPED', message: 'Nucleus was stopped by you; run nucleus start', data: {} },
  });
});
