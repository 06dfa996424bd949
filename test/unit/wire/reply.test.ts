import assert from 'node:assert/strict';
import test from 'node:test';
import {
  encodeReply,
  findRequestId,
  findResponseId,
  outcomeOf,
  readReply,
  replyOutcome,
  replySize,
  type Reply,
} from '../../../src-main/gateway/wire/reply.ts';

const idIn = (text: string): number | null => findResponseId(Buffer.from(text))?.id ?? null;

function raw(text: string): Reply {
  const line = Buffer.from(text);
  const span = findResponseId(line);
  assert.ok(span, `no id found in ${text.slice(0, 80)}`);
  return { kind: 'raw', line, span, outcome: 'ok' };
}

function bytesOf(reply: Reply, id: string | number): string {
  return Buffer.concat(encodeReply(reply, id).map((part) => Buffer.from(part as string))).toString('utf8');
}

test('the id of a response is found in the key orders of both SDK families', () => {
  assert.equal(idIn('{"jsonrpc":"2.0","id":7,"result":{}}'), 7);
  assert.equal(idIn('{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no"}}'), 7);
  assert.equal(idIn('{"result":{"content":[]},"jsonrpc":"2.0","id":7}'), 7);
  assert.equal(idIn('{"error":{"code":-1,"message":"no"},"jsonrpc":"2.0","id":7}'), 7);
  assert.equal(idIn('{"jsonrpc":"2.0","result":{},"id":7}'), 7);
});

test("the id is found with the spaces Python's json.dumps writes", () => {
  assert.equal(idIn('{"jsonrpc": "2.0", "id": 12, "result": {"content": []}}'), 12);
  assert.equal(idIn('{"jsonrpc": "2.0", "id": 12, "error": {"code": -1, "message": "no"}}'), 12);
  assert.equal(idIn('{"jsonrpc": "2.0", "result": {"a": 1}, "id": 12}'), 12);
  assert.equal(idIn('{"result": {"a": 1}, "jsonrpc": "2.0", "id": 12}'), 12);
});

test('id 0 and ids of up to fifteen digits are found, longer ones are left to the parser', () => {
  assert.equal(idIn('{"jsonrpc":"2.0","id":0,"result":{}}'), 0);
  assert.equal(idIn('{"result":{},"jsonrpc":"2.0","id":0}'), 0);
  assert.equal(idIn('{"jsonrpc":"2.0","id":999999999999999,"result":{}}'), 999_999_999_999_999);
  assert.equal(idIn('{"jsonrpc":"2.0","id":9999999999999999,"result":{}}'), null);
});

test('ids that are strings, negative, fractions, exponents or null are left to the parser', () => {
  for (const id of ['"7"', '-7', '7.5', '7e1', 'null']) {
    assert.equal(idIn(`{"jsonrpc":"2.0","id":${id},"result":{}}`), null, id);
    assert.equal(idIn(`{"result":{},"jsonrpc":"2.0","id":${id}}`), null, id);
  }
});

test('requests and notifications with ids in them are never taken for responses', () => {
  for (const text of [
    '{"jsonrpc":"2.0","id":7,"method":"ping"}',
    '{"jsonrpc":"2.0","id":7,"method":"roots/list","params":{"result":{}}}',
    '{"method":"sampling/createMessage","params":{},"jsonrpc":"2.0","id":7}',
    '{"jsonrpc":"2.0","method":"ping","id":7}',
    '{"method":"notifications/cancelled","params":{"requestId":3,"id":7},"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","method":"notifications/x","params":{"result":{},"id":7}}',
    '{"id":7,"jsonrpc":"2.0","method":"ping"}',
    '{"jsonrpc":"2.0","params":{"result":1},"method":"ping","id":7}',
  ])
    assert.equal(idIn(text), null, text);
});

test('an id inside a string or a nested object is never taken for the id of the response', () => {
  for (const text of [
    '{"jsonrpc":"2.0","result":{"a":1,"id":7}}',
    '{"result":{"a":1,"id":7}}',
    '{"result":[{"x":0,"id":7}]}',
    '{"jsonrpc":"2.0","result":"{\\"id\\":7}"}',
    '{"jsonrpc":"2.0","result":",\\"id\\":7}"}',
    '{"result":{},"jsonrpc":"2.0","id":"a","x":{"y":1,"id":7}}',
  ])
    assert.equal(idIn(text), null, text);
  assert.equal(idIn('{"result":{"text":",\\"id\\":9}"},"jsonrpc":"2.0","id":7}'), 7);
  assert.equal(idIn('{"jsonrpc":"2.0","id":7,"result":{"id":9,"result":{"id":10}}}'), 7);
  assert.equal(idIn('{"result":{"a":1,"id":9},"jsonrpc":"2.0","id":7}'), 7);
});

test('the id is found in the two ends of a line whose middle is gone', () => {
  const find = (head: string, tail: string): number | null =>
    findResponseId(Buffer.from(head), Buffer.from(tail))?.id ?? null;
  assert.equal(find(`{"jsonrpc":"2.0","id":7,"result":{"a":"${'x'.repeat(200)}`, 'xxx"}}'), 7);
  assert.equal(find(`{"result":{"a":"${'x'.repeat(200)}`, 'xxx"},"jsonrpc":"2.0","id":7}'), 7);
  assert.equal(
    find(`{"jsonrpc":"2.0","method":"x","params":{"a":"${'x'.repeat(200)}`, 'xxx"},"id":7}'),
    null,
  );
});

test('the id of a request is found in the two ends of a line whose middle is gone', () => {
  const find = (head: string, tail = 'xxx"}}'): string | number | null =>
    findRequestId(Buffer.from(head), Buffer.from(tail));
  assert.equal(find('{"jsonrpc":"2.0","id":0,"method":"tools/call","params":{"a":"xxx'), 0);
  assert.equal(find('{"jsonrpc": "2.0", "id": "größe 🙂", "method": "tools/call", "params": {'), 'größe 🙂');
  assert.equal(find('{"method":"tools/call","params":{"a":"xxx', 'xxx"},"jsonrpc":"2.0","id":7}'), 7);
  assert.equal(find('{"method":"tools/call","params":{"a":"xxx', 'xxx"}, "jsonrpc": "2.0", "id": "a"}'), 'a');
});

test('where the id of a request cannot be told, none is made up and nothing breaks', () => {
  for (const id of ['null', '-1', '1.5', '"a\\u0041"', '"\t"', '"\u0000"', '{}', `"${'x'.repeat(300)}"`]) {
    const head = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"a":"xxx`;
    assert.equal(findRequestId(Buffer.from(head), Buffer.from('xxx"}}')), null, id);
    assert.equal(
      findRequestId(Buffer.from('{"method":"x","params":{"'), Buffer.from(`xx"},"id":${id}}`)),
      null,
      id,
    );
  }
});

test('a forwarded reply changes in nothing but its id', () => {
  assert.equal(
    bytesOf(raw('{"jsonrpc": "2.0", "id": 12, "result": {"b":1.0,  "a":"\\u00fc", "n":1e3}}'), 'x'),
    '{"jsonrpc": "2.0", "id": "x", "result": {"b":1.0,  "a":"\\u00fc", "n":1e3}}',
  );
  assert.equal(
    bytesOf(raw('{"result":{"id":12},"jsonrpc":"2.0","id":12}'), 0),
    '{"result":{"id":12},"jsonrpc":"2.0","id":0}',
  );
});

test('a reply of our own carries the id first and its body', () => {
  assert.equal(
    bytesOf({ kind: 'made', body: { result: { a: 1 } } }, ''),
    '{"jsonrpc":"2.0","id":"","result":{"a":1}}',
  );
});

test('whatever an upstream answers, in whatever key order, only the id changes on the way', () => {
  const seed = (Number(process.env['NUCLEUS_SEED']) || Date.now()) >>> 0;
  const random = generator(seed);
  for (let round = 0; round < 1_500; round += 1) {
    const sentId = [0, 1, 12, 999_999_999_999_999, Math.floor(random() * 1e6)][round % 5] as number;
    const body = random() < 0.3 ? { error: anything(random, 3) } : { result: anything(random, 3) };
    const key = Object.keys(body)[0] as string;
    const members: Record<string, unknown> = { jsonrpc: '2.0', id: sentId, ...body };
    const order = [
      ['jsonrpc', 'id', key],
      [key, 'jsonrpc', 'id'],
      ['jsonrpc', key, 'id'],
    ][round % 3] as string[];
    const message = Object.fromEntries(order.map((name) => [name, members[name]]));
    const line = random() < 0.5 ? JSON.stringify(message) : asPython(message);
    const why = `NUCLEUS_SEED=${seed} round ${round}: ${line.slice(0, 300)}`;
    const span = findResponseId(Buffer.from(line));
    assert.ok(span, why);
    assert.equal(span.id, sentId, why);
    for (const id of [0, '', 'x', 1.5, 'quote " and \\ and 🙂']) {
      const text = bytesOf({ kind: 'raw', line: Buffer.from(line), span, outcome: 'ok' }, id);
      assert.deepEqual(JSON.parse(text), { ...message, id }, why);
      assert.equal(text.length - JSON.stringify(id).length, line.length - String(sentId).length, why);
    }
  }
});

test('what the ends of a line tell is what its parser tells, or nothing', () => {
  const seed = (Number(process.env['NUCLEUS_SEED']) || Date.now()) >>> 0;
  const random = generator(seed);
  const keys = ['jsonrpc', 'id', 'result', 'error', 'method', 'params'];
  for (let round = 0; round < 3_000; round += 1) {
    const order = keys
      .map((key) => [random(), key] as const)
      .sort(([a], [b]) => a - b)
      .slice(0, 1 + Math.floor(random() * keys.length))
      .map(([, key]) => key);
    const message = Object.fromEntries(
      order.map((key) => {
        if (key === 'jsonrpc') return [key, '2.0'];
        if (key === 'method') return [key, 'ping'];
        return [key, key === 'id' && random() < 0.8 ? Math.floor(random() * 100) : anything(random, 2)];
      }),
    );
    const line = random() < 0.5 ? JSON.stringify(message) : asPython(message);
    const span = findResponseId(Buffer.from(line));
    if (!span) continue;
    const why = `NUCLEUS_SEED=${seed} round ${round}: ${line.slice(0, 300)}`;
    assert.equal(span.id, message['id'], why);
    assert.ok('result' in message || 'error' in message, why);
  }
});

test('an outcome is told from the message', () => {
  const cases: [string, 'ok' | 'tool-error' | 'error'][] = [
    ['{"result":{"content":[]}}', 'ok'],
    ['{"result":{"isError":false}}', 'ok'],
    ['{"result":{"isError":true}}', 'tool-error'],
    ['{"result":{"content":[{"type":"text","text":"{\\"isError\\":true}"}]}}', 'ok'],
    ['{"result":{"structuredContent":{"isError":true}}}', 'ok'],
    ['{"result":null}', 'ok'],
    ['{"result":{},"error":null}', 'ok'],
    ['{"error":{"code":1,"message":"no"}}', 'error'],
    ['{"error":{"code":1,"message":"no","data":{"isError":true}}}', 'error'],
  ];
  for (const [message, outcome] of cases)
    assert.equal(outcomeOf(JSON.parse(message) as Record<string, unknown>), outcome, message);
});

test('what we author ourselves has an outcome too', () => {
  assert.equal(replyOutcome({ kind: 'made', body: { result: { isError: true } } }), 'tool-error');
  assert.equal(replyOutcome({ kind: 'made', body: { error: { code: 1, message: 'no' } } }), 'error');
});

test('a reply is read as the message it is', () => {
  assert.deepEqual(readReply(raw('{"jsonrpc":"2.0","id":1,"result":{"a":1}}')).result, { a: 1 });
  assert.deepEqual(readReply({ kind: 'made', body: { error: { code: 1 } } }).error, { code: 1 });
  const line = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{');
  assert.deepEqual(readReply({ kind: 'raw', line, span: { id: 1, start: 22, end: 23 }, outcome: 'ok' }), {});
});

test('the size of a reply is known for both kinds, and what we author ourselves is small', () => {
  const line = `{"jsonrpc":"2.0","id":1,"result":{"t":"${'ü'.repeat(1_000)}"}}`;
  assert.equal(replySize(raw(line)), Buffer.byteLength(line));
  assert.equal(replySize({ kind: 'made', body: { result: {} }, size: 5_000 }), 5_000);
  assert.equal(replySize({ kind: 'made', body: { result: {} } }), 0);
});

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const texts = [
  '',
  '"id":7}',
  ',"id":7}',
  ', "id": 7}',
  '"isError":true',
  '\\',
  '"',
  'ü🙂\u2028',
  '\n',
  '{"jsonrpc":"2.0","id":3,"result":{}}',
];
const names = ['id', 'result', 'error', 'jsonrpc', 'isError', 'a', '', '🙂', '__proto_'];

function anything(random: () => number, depth: number): unknown {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const kind = Math.floor(random() * (depth > 0 ? 7 : 5));
  if (kind === 0) return pick([0, 1, -1, 1.5, 7, 1e21]);
  if (kind === 1) return pick([true, false, null]);
  if (kind <= 4) return pick(texts);
  const count = Math.floor(random() * 4);
  if (kind === 5) return Array.from({ length: count }, () => anything(random, depth - 1));
  return Object.fromEntries(Array.from({ length: count }, () => [pick(names), anything(random, depth - 1)]));
}

/** As `json.dumps` of Python writes it: a space after each comma and colon, all but ASCII escaped. */
function asPython(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asPython).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, member]) => `${asPython(key)}: ${asPython(member)}`)
      .join(', ')}}`;
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
