import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createCommandSession,
  type CommandStreams,
} from '../../../src-main/gateway/downstream/command-session.ts';
import { until } from '../../helpers/until.ts';

/* One connection that hands a command over, by a program that keeps to nothing. */

const run = {
  argv: ['list'],
  cwd: '/',
  env: {},
  tty: [false, false, false],
  columns: null,
  terminal: null,
};

function open() {
  const said: Record<string, unknown>[] = [];
  const over = Promise.withResolvers<number>();
  const given = Promise.withResolvers<CommandStreams>();
  const session = createCommandSession(
    (_command, streams) => (given.resolve(streams), over.promise),
    (line, onTaken) => (said.push(JSON.parse(line) as Record<string, unknown>), onTaken?.()),
    () => {},
  );
  const send = (message: object): void => session.receive(Buffer.from(JSON.stringify(message)));
  send({ run });
  return { said, send, session, streams: given.promise, end: over.resolve };
}

const piece = (text: string): string => Buffer.from(text).toString('base64');

test('what a command did not ask for is dropped, so that nothing piles up', async () => {
  const { send, said, streams } = open();
  const { stdin } = await streams;
  for (let i = 0; i < 100; i += 1) send({ in: piece('unasked') });
  assert.equal(stdin.readableLength, 0);
  const heard: string[] = [];
  stdin.setEncoding('utf8').on('data', (text: string) => heard.push(text));
  await until('it asks', () => said.some((message) => message['read'] === 'in'));
  send({ in: piece('asked') });
  send({ in: piece('and more') });
  await until('it is read', () => heard.length > 0);
  assert.deepEqual(heard, ['asked']);
});

test('what comes after the end of an input fails nothing', async () => {
  const { send, streams, said } = open();
  const { stdin, openTerminal } = await streams;
  const opening = openTerminal();
  send({ open: true });
  const terminal = (await opening) ?? assert.fail('no terminal');
  const errors: unknown[] = [];
  for (const input of [stdin, terminal.stdin]) input.on('error', (error) => errors.push(error));
  stdin.read();
  terminal.stdin.read();
  await until('both ask', () => said.filter((message) => 'read' in message).length === 2);
  for (const name of ['in', 'tty'])
    for (const message of [null, null, piece('late'), null]) send({ [name]: message });
  await new Promise(setImmediate);
  assert.deepEqual(errors, []);
  const ended = ({ stdin: input }: { readonly stdin: typeof stdin }) =>
    new Promise((resolve) => input.resume().once('end', resolve));
  await Promise.all([ended({ stdin }), ended(terminal)]);
  for (const name of ['in', 'tty']) send({ [name]: piece('later') });
  await new Promise(setImmediate);
  assert.deepEqual(errors, []);
});
