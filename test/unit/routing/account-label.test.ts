import assert from 'node:assert/strict';
import test from 'node:test';
import { labelReply } from '../../../src-main/gateway/routing/account-label.ts';
import type { Binding } from '../../../src-main/gateway/routing/route.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import { encodeReply, readReply, type Reply } from '../../../src-main/gateway/wire/reply.ts';
import { rawReply } from '../../helpers/raw-reply.ts';
import { verifies } from '../../helpers/requirements.ts';

const binding: Binding = { profile: 'db:prod', connector: 'db', alias: 'live', metadata: { user: 'a"b' } };
const account = { id: 'db:prod', connector: 'db', alias: 'live', metadata: { user: 'a"b' } };
const member = `"dev.nucleus/profile":${JSON.stringify(account)}`;

function labelled(text: string, line = false, method = 'tools/call'): string {
  const pieces = encodeReply(labelReply(rawReply(text), method, binding, line), 'mine');
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString();
}

test('a result says its account at its head, every other byte as it was', () => {
  verifies('NEW-032');
  const big = '"structuredContent":{"n":12345678901234567890,"x":1.0}';
  assert.equal(
    labelled(`{"jsonrpc":"2.0","id":7,"result":{${big}}}`),
    `{"jsonrpc":"2.0","id":"mine","result":{"_meta":{${member}},${big}}}`,
  );
  assert.equal(
    labelled(`{"result": {${big}},"jsonrpc":"2.0","id":7}`),
    `{"result": {"_meta":{${member}},${big}},"jsonrpc":"2.0","id":"mine"}`,
  );
  assert.equal(
    labelled('{"jsonrpc":"2.0","id":7,"result":{   }}'),
    `{"jsonrpc":"2.0","id":"mine","result":{"_meta":{${member}}   }}`,
  );
});

test('what an upstream says in _meta stays beside it', () => {
  const result = (meta: string) => `{"content":[],"n":12345678901234567890,"_meta":{${meta}}}`;
  assert.equal(
    labelled(`{"jsonrpc":"2.0","id":7,"result":${result('"a":1.0')}}`),
    `{"jsonrpc":"2.0","id":"mine","result":${result(`${member},"a":1.0`)}}`,
  );
  assert.equal(
    labelled(`{"jsonrpc":"2.0","id":7,"result":${result('')}}`),
    `{"jsonrpc":"2.0","id":"mine","result":${result(member)}}`,
  );
  // Where only something inside has such a member, the result gets its own.
  assert.equal(
    labelled('{"jsonrpc":"2.0","id":7,"result":{"structuredContent":{"_meta":{}}}}'),
    `{"jsonrpc":"2.0","id":"mine","result":{"_meta":{${member}},"structuredContent":{"_meta":{}}}}`,
  );
});

test('no upstream can say that it is another account', () => {
  const forged = '{"id":"db:other"}';
  for (const result of [
    `{"content":[],"_meta":{"dev.nucleus/profile":${forged}}}`,
    `{"content":[],"\\u005fmeta":{"dev.nucleus/profile":${forged}}}`,
    `{"content":[],"_meta":{"dev.nucleus/pro\\u0066ile":${forged}}}`,
    `{"content":[],"_meta":{},"_met\\u0061":{"dev.nucleus/profile":${forged}}}`,
    `{"content":[],"_meta":"none","_meta":{"dev.nucleus/profile":${forged}}}`,
  ]) {
    const { result: shown } = JSON.parse(labelled(`{"jsonrpc":"2.0","id":7,"result":${result}}`)) as {
      result: { content: unknown[]; _meta: Params };
    };
    assert.deepEqual(shown._meta['dev.nucleus/profile'], account, result);
    assert.deepEqual(shown.content, []);
  }
});

test('a line of text is the last one, where it is wished for', () => {
  verifies('NEW-032');
  const block = '{"type":"text","text":"[account: db/live (a\\"b)]"}';
  const text = '{"type":"text","text":"x"}';
  const call = (content: string, more = '') =>
    `{"jsonrpc":"2.0","id":7,"result":{"content":${content}${more}}}`;
  const shown = (content: string, more = '') =>
    `{"jsonrpc":"2.0","id":"mine","result":{"_meta":{${member}},"content":${content}${more}}}`;
  assert.equal(labelled(call(`[${text}]`, ',"n":1.0'), true), shown(`[${text},${block}]`, ',"n":1.0'));
  assert.equal(labelled(call('[]'), true), shown(`[${block}]`));
  assert.equal(labelled(call('"none"'), true), shown('"none"'));
  assert.equal(labelled(call(`[${text}]`), true, 'prompts/get'), shown(`[${text}]`));
});

test('an error, and what no model reads, stay the same object', () => {
  const error = rawReply('{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}');
  assert.equal(labelReply(error, 'tools/call', binding, true), error);
  const completion = rawReply('{"jsonrpc":"2.0","id":7,"result":{"completion":{}}}');
  assert.equal(labelReply(completion, 'completion/complete', binding, true), completion);
});

test('answers of ours and answers that were parsed on their way say it too', () => {
  const result = { content: [], _meta: { 'dev.nucleus/error': { code: 'X' } } };
  for (const size of [undefined, 99]) {
    const reply: Reply = { kind: 'made', body: { result }, ...(size !== undefined && { size }) };
    const shown = labelReply(reply, 'tools/call', binding, false);
    assert.deepEqual(readReply(shown).result, {
      content: [],
      _meta: { 'dev.nucleus/error': { code: 'X' }, 'dev.nucleus/profile': account },
    });
    assert.equal(shown.kind === 'made' ? shown.size : 0, size);
  }
});
