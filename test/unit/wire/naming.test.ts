import assert from 'node:assert/strict';
import test from 'node:test';
import { resourceChanges, taskChanges } from '../../../src-main/gateway/wire/naming.ts';
import { change } from '../../../src-main/gateway/wire/splice.ts';

const lineOf = (result: string): Buffer => Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${result}}`);
const rename = (name: string): string => `>${name}`;

for (const [method, before, after] of [
  [
    'tools/call',
    '{"content":[{"type":"resource_link","uri":"a:1"},{ "uri" : "a:2" , "type":"resource_link" }]}',
    '{"content":[{"type":"resource_link","uri":">a:1"},{ "uri" : ">a:2" , "type":"resource_link" }]}',
  ],
  [
    'tools/call',
    '{"content":[{"type":"resource","resource":{"n":12345678901234567890,"uri":"a:1","text":"\\"uri\\":\\"a:2\\""}}]}',
    '{"content":[{"type":"resource","resource":{"n":12345678901234567890,"uri":">a:1","text":"\\"uri\\":\\"a:2\\""}}]}',
  ],
  [
    'tools/call',
    '{"_meta":{"ui":{"resourceUri":"ui://1"},"ui/resourceUri":"ui://2","uri":"a:1"},"content":[]}',
    '{"_meta":{"ui":{"resourceUri":">ui://1"},"ui/resourceUri":">ui://2","uri":"a:1"},"content":[]}',
  ],
  [
    'prompts/get',
    '{"messages":[{"content":{"type":"resource_link","uri":"a:1"}},{"content":[{"type":"resource","resource":{"uri":"ü"}}]}]}',
    '{"messages":[{"content":{"type":"resource_link","uri":">a:1"}},{"content":[{"type":"resource","resource":{"uri":">ü"}}]}]}',
  ],
  [
    'resources/read',
    '{"contents":[{"uri":"a:\\u0031","text":"x"},{"blob":"","uri":"a:2"}],"uri":"a:3"}',
    '{"contents":[{"uri":">a:1","text":"x"},{"blob":"","uri":">a:2"}],"uri":"a:3"}',
  ],
  [
    'tasks/get',
    '{"taskId":"t","result":{"content":[{"type":"resource_link","uri":"a:1"}]},"uri":"a:2"}',
    '{"taskId":"t","result":{"content":[{"type":"resource_link","uri":">a:1"}]},"uri":"a:2"}',
  ],
] as const)
  test(`resources are renamed where a client comes back by them: ${method} ${before.slice(0, 50)}`, () => {
    const line = lineOf(before);
    const changes = resourceChanges(line, method, rename).sort((a, b) => a.start - b.start);
    assert.equal(change(line, changes).toString(), lineOf(after).toString());
  });

for (const [method, result] of [
  ['tools/call', '{"content":[{"type":"text","uri":"a:1"},{"type":"hologram","uri":"a:1"}],"uri":"a:1"}'],
  ['tools/call', '{"structuredContent":{"type":"resource_link","uri":"a:1"},"content":"odd"}'],
  [
    'tools/call',
    '{"content":[{"type":"resource_link","uri":7},{"type":"resource","resource":"a:1"},null,[]]}',
  ],
  ['tools/call', '[{"type":"resource_link","uri":"a:1"}]'],
  ['resources/read', '{"contents":{"uri":"a:1"}}'],
  ['completion/complete', '{"contents":[{"uri":"a:1"}]}'],
] as const)
  test(`nothing else is: ${method} ${result}`, () => {
    assert.deepEqual(resourceChanges(lineOf(result), method, rename), []);
  });

test('an error is looked at by nobody', () => {
  const line = Buffer.from('{"id":1,"error":{"data":{"result":{"contents":[{"uri":"a:1"}]}}}}');
  assert.deepEqual(resourceChanges(line, 'resources/read', rename), []);
  assert.deepEqual(taskChanges(line, true, rename), []);
});

test('tasks are renamed as results, within them and where a result belongs to one', () => {
  const related = '"_meta":{"a":{"taskId":"t"},"io.modelcontextprotocol/related-task":{"taskId":"t"}}';
  const shown = related.replace(/("t")(\}\})$/, '">t"$2');
  for (const [isTask, before, after] of [
    [true, '{"taskId":"t","n":1.50}', '{"taskId":">t","n":1.50}'],
    [
      false,
      '{"task":{"n":1.50,"taskId":"t"},"taskId":"t"}',
      '{"task":{"n":1.50,"taskId":">t"},"taskId":"t"}',
    ],
    [false, `{${related}}`, `{${shown}}`],
  ] as const) {
    const line = lineOf(before);
    assert.equal(change(line, taskChanges(line, isTask, rename)).toString(), lineOf(after).toString());
  }
});
