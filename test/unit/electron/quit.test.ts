import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createQuit,
  testAnswer,
  type QuitAnswer,
  type QuitQuestion,
} from '../../../src-main/electron/quit.ts';

function prepare(clients: readonly string[], answer: QuitAnswer | Promise<QuitAnswer>) {
  const done: string[] = [];
  const questions: QuitQuestion[] = [];
  const quit = createQuit({
    clients: async () => clients,
    ask: async (question) => (questions.push(question), answer),
    keep: () => done.push('keep'),
    end: (byPerson) => done.push(byPerson ? 'end by a person' : 'end'),
  });
  return { quit, done, questions };
}

test('without clients it ends at once and asks nothing', async () => {
  const { quit, done, questions } = prepare([], 'keep');
  await quit();
  assert.deepEqual(done, ['end']);
  assert.deepEqual(questions, []);
});

for (const [answer, outcome] of [
  ['keep', ['keep']],
  ['stop', ['end by a person']],
  ['cancel', []],
] as const)
  test(`with clients and the answer ${answer} it does just that`, async () => {
    const { quit, done } = prepare(['Claude Desktop'], answer);
    await quit();
    assert.deepEqual(done, outcome);
  });

test('the question names each client once, and not all of many', async () => {
  const { quit, questions } = prepare(['Cursor', 'Claude Desktop', 'Cursor'], 'cancel');
  await quit();
  assert.equal(questions[0]?.message, 'Cursor, Claude Desktop are using Nucleus');
  assert.deepEqual(questions[0]?.buttons, ['Cancel', 'Stop', 'Keep serving in the background']);
  assert.deepEqual(questions[0]?.answers, ['cancel', 'stop', 'keep']);
  const many = prepare(['a', 'b', 'c', 'd', 'e'], 'cancel');
  await many.quit();
  assert.equal(many.questions[0]?.message, 'a, b, c and 2 more are using Nucleus');
  const one = prepare(['a', 'a'], 'cancel');
  await one.quit();
  assert.equal(one.questions[0]?.message, 'a is using Nucleus');
});

test('quitting again while the question stands asks nothing more; after a cancel it asks anew', async () => {
  const { promise, resolve } = Promise.withResolvers<QuitAnswer>();
  const { quit, questions } = prepare(['a'], promise);
  const first = quit();
  await quit();
  resolve('cancel');
  await first;
  assert.equal(questions.length, 1);
  await quit();
  assert.equal(questions.length, 2);
});

test('a test’s answer is one of the three or none', () => {
  assert.equal(testAnswer({ NUCLEUS_TEST_QUIT_ANSWER: 'stop' }), 'stop');
  assert.equal(testAnswer({ NUCLEUS_TEST_QUIT_ANSWER: 'yes' }), null);
  assert.equal(testAnswer({}), null);
});
