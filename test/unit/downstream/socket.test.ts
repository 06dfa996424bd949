import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { AttachView } from '../../../src-shared/attach.ts';
import type { Handlers } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Caller, Session, SessionIo } from '../../../src-main/gateway/downstream/session.ts';
import { listenOnSocket } from '../../../src-main/gateway/downstream/socket.ts';
import { createFakeClock, createFakeLog } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';

/** A front on a socket of its own, and sessions that write down what they hear. */
async function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-socket-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'run', 's');
  const clock = createFakeClock();
  const log = createFakeLog();
  const attached: {
    caller: Caller;
    view: AttachView | undefined;
    io: SessionIo;
    heard: string[];
    isClosed: boolean;
  }[] = [];
  const counts: number[] = [];
  const front = await listenOnSocket({
    path,
    version: '9.9.9',
    clock,
    log,
    handlers: {
      profiles: { remove: ({ id }: { id: string }) => ({ removed: [id] }) },
    } as unknown as Handlers,
    runCommand: null,
    lineLimit: 100_000,
    openSession(io, caller, view) {
      if (view?.mode === 'foo') throw new NucleusError('USAGE', 'unknown --mode "foo"');
      const one = { caller, view, io, heard: [] as string[], isClosed: false };
      attached.push(one);
      return {
        client: { name: 'x', version: '1', principal: 'local', connectedAt: 0 },
        notes: () => ['resolved profile'],
        take: () => {},
        hear: () => {},
        receive: (line) => void one.heard.push(line.toString()),
        overflow: (_head, _tail, length) => void one.heard.push(`overflow ${length}`),
        listsChanged: () => {},
        finish: () => {},
        close: () => void (one.isClosed = true),
      } satisfies Session;
    },
    onConnections: (count) => counts.push(count),
  });
  let isDown = false;
  const down = async (): Promise<void> => {
    if (isDown) return;
    isDown = true;
    const closing = front.close();
    await clock.advance(1_000);
    await closing;
  };
  t.after(down);
  const open = async (): Promise<Client> => {
    const socket = connect(path);
    t.after(() => socket.destroy());
    const client: Client = { socket, text: '', isClosed: false };
    socket.on('data', (chunk: Buffer) => (client.text += chunk.toString()));
    socket.on('error', () => {});
    socket.on('close', () => (client.isClosed = true));
    await new Promise((resolve) => socket.once('connect', resolve));
    return client;
  };
  return { clock, log, attached, counts, open, down };
}

interface Client {
  readonly socket: Socket;
  text: string;
  isClosed: boolean;
}

const attachLine = (more: object = {}): string =>
  `${JSON.stringify({ nucleus: 1, version: '9.9.9', role: 'client', ...more })}\n`;

const lines = (client: Client): unknown[] =>
  client.text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

test('a client says what it is, hears who answers, and then speaks MCP', async (t) => {
  const { open, attached } = await setUp(t);
  const client = await open();
  client.socket.write(
    `${attachLine({ client: 'key', view: { profiles: [], transparent: true, workspace: 'x' }, future: 1 })}{"first":1}\n{"second":2}\n`,
  );
  await until('the session heard both', () => attached[0]?.heard.length === 2);
  assert.deepEqual(attached[0]?.heard, ['{"first":1}', '{"second":2}']);
  assert.deepEqual([attached[0]?.caller, attached[0]?.view], [{ principal: 'key:key' }, { profiles: [] }]);
  await until('the answer came', () => client.text.includes('\n'));
  assert.deepEqual(lines(client), [
    { nucleus: 1, version: '9.9.9', pid: process.pid, notes: ['resolved profile'] },
  ]);
  attached[0]?.io.notify(['{"a":', Buffer.from('1'), '}']);
  await until('the message came', () => lines(client).length === 2);
  assert.deepEqual(lines(client)[1], { a: 1 });
});

test('a control connection puts questions', async (t) => {
  const { open, attached } = await setUp(t);
  const client = await open();
  client.socket.write(attachLine({ role: 'control' }));
  client.socket.write('{"jsonrpc":"2.0","id":1,"method":"profiles.remove","params":{"id":"a:b"}}\n');
  await until('the answer came', () => lines(client).length === 2);
  assert.deepEqual(lines(client)[1], { jsonrpc: '2.0', id: 1, result: { removed: ['a:b'] } });
  assert.equal(attached.length, 0);
});

test('whoever does not speak the attach line is told so and let go', async (t) => {
  const { open, attached } = await setUp(t);
  for (const [first, message] of [
    [
      '{"jsonrpc":"2.0","id":1,"method":"initialize"}\n',
      /^this socket wants an attach line of Nucleus first/,
    ],
    ['GET / HTTP/1.1\n', /^this socket wants an attach line of Nucleus first/],
    [attachLine({ nucleus: '1' }), /^this socket wants an attach line of Nucleus first/],
    [attachLine({ padding: 'x'.repeat(70_000) }), /^this socket wants an attach line of Nucleus first/],
    [
      attachLine({ nucleus: 2 }),
      /^the running gateway speaks attach version 1, this program version 2; restart it/,
    ],
    [attachLine({ view: { mode: 'foo' } }), /^unknown --mode "foo"$/],
    [attachLine({ nucleus: 1e300 }), /version 1e\+300/],
  ] as const) {
    const client = await open();
    client.socket.write(first);
    await until('it is let go', () => client.isClosed);
    const [answer] = lines(client) as { error: { message: string }; version: string }[];
    assert.match(answer?.error.message ?? '', message);
    assert.equal(answer?.version, '9.9.9');
  }
  assert.equal(attached.length, 0);
});

test('a connection that says nothing is dropped after ten seconds, one that attached is not', async (t) => {
  const { open, clock, attached } = await setUp(t);
  const [silent, attachedOne] = [await open(), await open()];
  attachedOne.socket.write(attachLine());
  await until('it is attached', () => attached.length === 1);
  await clock.advance(10_000);
  await until('the silent one is dropped', () => silent.isClosed);
  assert.equal(silent.text, '');
  assert.equal(attachedOne.isClosed, false);
});

test('an attach line without end is dropped after ten seconds too', async (t) => {
  const { open, attached, clock } = await setUp(t);
  const client = await open();
  client.socket.write('x'.repeat(200_000));
  await clock.advance(10_000);
  await until('it is dropped', () => client.isClosed);
  assert.equal(attached.length, 0);
});

test('a message over the limit reaches the session by its ends, and the next one works', async (t) => {
  const { open, attached } = await setUp(t);
  const client = await open();
  client.socket.write(`${attachLine()}${'x'.repeat(150_000)}\n{"next":1}\n`);
  await until('both arrived', () => attached[0]?.heard.length === 2);
  assert.deepEqual(attached[0]?.heard, ['overflow 150000', '{"next":1}']);
});

test('a client that goes ends its session, and connections are counted', async (t) => {
  const { open, attached, counts } = await setUp(t);
  const client = await open();
  client.socket.write(attachLine());
  await until('it is attached', () => attached.length === 1);
  client.socket.end();
  await until('the session is closed', () => attached[0]?.isClosed === true);
  await until('the connection is gone', () => client.isClosed);
  assert.deepEqual(counts, [1, 0]);
});

test('a client that does not read is cut off some seconds after its session ended', async (t) => {
  const { open, attached, counts, clock } = await setUp(t);
  const client = await open();
  client.socket.write(attachLine());
  await until('it is attached', () => client.text.includes('\n'));
  client.socket.pause();
  attached[0]?.io.notify(['x'.repeat(20_000_000)]);
  assert.ok((attached[0]?.io.backlog() ?? 0) > 1_000_000);
  attached[0]?.io.end();
  await clock.advance(9_999);
  assert.deepEqual(counts, [1]);
  await clock.advance(1);
  await until('the connection is gone', () => counts.at(-1) === 0);
});

test('a client that reads gets everything that was written before the end', async (t) => {
  const { open, attached, clock } = await setUp(t);
  const client = await open();
  client.socket.write(attachLine());
  await until('it is attached', () => attached.length === 1);
  attached[0]?.io.notify(['x'.repeat(5_000_000)]);
  attached[0]?.io.end();
  await until('it is let go', () => client.isClosed);
  assert.equal(client.text.split('\n')[1]?.length, 5_000_000);
  assert.equal(clock.waiting, 0);
});

test('close lets everybody go, also those who do not read', async (t) => {
  const { open, attached, down, counts } = await setUp(t);
  const [reading, stuck] = [await open(), await open()];
  for (const { socket } of [reading, stuck]) socket.write(attachLine());
  await until('both are attached', () => attached.length === 2 && stuck.text !== '');
  stuck.socket.pause();
  for (const { io } of attached) io.notify(['x'.repeat(10_000_000)]);
  await down();
  assert.equal(counts.at(-1), 0);
  assert.ok(attached.every(({ isClosed }) => isClosed));
});
