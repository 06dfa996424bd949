// What the two shims make of a line, however oddly it is written: the same, before a gateway that is only played.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import test, { type TestContext } from 'node:test';
import { startShim } from '../helpers/client.ts';
import { createHome } from '../helpers/home.ts';
import { shimKinds, shimOf, type ShimKind } from '../helpers/shims.ts';
import { until } from '../helpers/until.ts';

const large = 'x'.repeat(100_000);

/** What the client says, what the gateway answers before it goes away. */
interface Scene {
  readonly said: readonly string[];
  readonly answered: readonly string[];
}

/** What both ends saw once the gateway was lost and found again. */
interface Seen {
  readonly client: readonly unknown[];
  readonly first: readonly string[];
  readonly second: readonly string[];
}

const opening = [
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}',
  '{"jsonrpc":"2.0","method":"notifications/initialized"}',
];
const hello = '{"jsonrpc":"2.0","id":0,"result":{}}';

const scenes: Readonly<Record<string, Scene>> = {
  'ids of every kind, and ids that only look alike': {
    said: [
      ...opening,
      ...['1', '"1"', '-3', '1.5', '1e2', '"é"', '"a\\"b\\\\"', '""', '12345678901234567890'].map(
        (id) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"x"}}`,
      ),
    ],
    answered: [
      hello,
      '{"jsonrpc":"2.0","id":"1","result":{"content":[]}}',
      '{"jsonrpc":"2.0","id":100,"result":{}}',
      '{"jsonrpc":"2.0","result":{},"id":"\\u00e9"}',
    ],
  },
  'keys in another order, white space, keys inside of strings and deeper down': {
    said: [
      ...opening,
      '{ "params" : {"id":9,"method":"ping"} , "method" : "tools/call" , "id" : 2 , "jsonrpc" : "2.0" }',
      '{"jsonrpc":"2.0","method":"prompts/get","params":{"text":"\\",\\"id\\":7}"},"id":3}',
      '{"jsonrpc":"2.0","id":4,"method":"vendor/\\u0074hing"}',
      '\t{"jsonrpc":"2.0","id":5,"method":"ping"}\r',
      '{"jsonrpc":"2.0","id":6,"method":"resources/list","params":{"cursor":"a"}}',
    ],
    answered: [hello, '{"result":{"id":3,"content":"\\"id\\":4"},"jsonrpc":"2.0","id":2}'],
  },
  'large messages, told by their ends': {
    said: [
      ...opening,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"text":"${large}"}}`,
      `{"method":"tools/call","params":{"text":"${large}"},"jsonrpc":"2.0","id":"b"}`,
      `{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"text":"${large}","id":1}}`,
    ],
    answered: [hello, `{"jsonrpc":"2.0","id":1,"result":{"text":"${large}","last":{"id":"b"}}}`],
  },
  'what is no request, and what was cancelled': {
    said: [
      ...opening,
      'this is not JSON',
      '[]',
      '{"jsonrpc":"2.0","id":null,"method":"tools/call"}',
      '{"jsonrpc":"2.0","id":8,"result":{}}',
      '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","id":10,"method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}',
    ],
    answered: [hello, '{"jsonrpc":"2.0","method":"notifications/message","params":{"id":10}}'],
  },
  'a client that still waits for its first answer': { said: opening.slice(0, 1), answered: [] },
};

/** Plays the scene through a shim: the gateway goes away after its answers, and is there again. */
async function play(t: TestContext, kind: ShimKind, scene: Scene): Promise<Seen | null> {
  const home = createHome(t);
  const how = shimOf(t, home, kind);
  if (!how) return null;
  const heard: string[][] = [];
  const sockets: Socket[] = [];
  const path = home.path('socket', 's');
  mkdirSync(dirname(path), { mode: 0o700 });
  const server = createServer((socket) => {
    const lines: string[] = [];
    let rest = '';
    sockets.push(socket);
    socket.setEncoding('utf8').on('error', () => {});
    socket.once('data', () => {
      socket.write('{"nucleus":1,"version":"0.1.0","pid":1,"notes":[]}\n');
      heard.push(lines);
      socket.on('data', (text: string) => {
        const pieces = (rest + text).split('\n');
        rest = pieces.pop() ?? '';
        lines.push(...pieces);
      });
    });
  });
  server.listen(path);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const endpoint = { pid: process.pid, version: '0.1.0', socket: path, startedAt: 1 };
  home.write('run/endpoint.json', JSON.stringify(endpoint));

  const shim = startShim(t, home, how);
  for (const line of scene.said) shim.child.stdin?.write(`${line}\n`);
  await until('the gateway heard all of it', () => heard[0]?.length === scene.said.length, 30_000);
  for (const line of scene.answered) sockets[0]?.write(`${line}\n`);
  sockets[0]?.end();
  const marker = '{"jsonrpc":"2.0","id":"last","method":"tools/call"}';
  await until(
    'the shim found the gateway again',
    () => shim.seen.some((line) => line.includes('list_changed')),
    30_000,
  );
  shim.child.stdin?.write(`${marker}\n`);
  await until('the gateway heard the last of it', () => heard[1]?.includes(marker), 30_000);
  sockets[1]?.write(
    '{"jsonrpc":"2.0","id":0,"result":{"second":true}}\n{"jsonrpc":"2.0","id":"last","result":{}}\n',
  );
  await until(
    'the client heard the last of it',
    () => shim.seen.some((line) => line.includes('"last"')),
    30_000,
  );
  assert.equal(await closeBoth(shim, sockets), 0);
  return {
    client: shim.seen.map((line) => JSON.parse(line) as unknown),
    first: heard[0] ?? [],
    second: heard[1] ?? [],
  };
}

async function closeBoth(
  shim: ReturnType<typeof startShim>,
  sockets: readonly Socket[],
): Promise<number | null> {
  const ended = shim.close();
  // It says that it is finished, and waits for the gateway to end the connection.
  sockets[1]?.once('data', () => sockets[1]?.end());
  return ended;
}

for (const [what, scene] of Object.entries(scenes))
  test(`both shims keep, answer and ask again alike: ${what}`, async (t) => {
    const [script, native] = await Promise.all(shimKinds.map((kind) => play(t, kind, scene)));
    if (!script || !native) return;
    // Of the end of a line only the newline is kept.
    const said = scene.said.map((line) => line.trimEnd());
    assert.deepEqual(native.first, said);
    assert.deepEqual(script.first, said);
    assert.deepEqual(native, script);
    const told = script.client.filter((line) => JSON.stringify(line).includes('tools/list_changed'));
    assert.equal(told.length, 1);
  });
