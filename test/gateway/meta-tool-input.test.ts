// What the tools of our own make of input that is wrong.
import assert from 'node:assert/strict';
import test from 'node:test';
import { textOf } from '../helpers/client.ts';
import { createHome } from '../helpers/home.ts';
import { checkingClients, type Json } from '../helpers/checking-clients.ts';
import { startWordy } from '../helpers/wordy.ts';

test('bad input to any argument of a tool of ours says what was expected, and reaches nobody', async (t) => {
  const home = createHome(t);
  const wordy = await startWordy(t, home, ['forge']);
  const name = 'forge_prod_get_me';
  const unknown =
    /^unknown tool "forge_prod_get_mee"\. Call nucleus_find_tool first .*Did you mean forge_prod_get_me,/;
  const noName = 'name is required and must be the name of a tool';
  const noObject = 'arguments must be an object';
  const own = '"nucleus_call" is a tool of Nucleus itself; call it directly';
  const bad: readonly (readonly [tool: string, args: Json, sentence: string | RegExp])[] = [
    ['nucleus_find_tool', { intent: 5 }, 'intent is required and must be non-empty'],
    ['nucleus_find_tool', { intent: 'x', connector: 5 }, 'connector must be the name of a connector'],
    ['nucleus_find_tool', { intent: 'x', limit: '5' }, 'limit must be a whole number from 1 to 50'],
    ['nucleus_find_tool', { intent: 'x', schemas: 'yes' }, 'schemas must be true or false'],
    ...['x', '0', '-1', '1.5', '', 8, '99999999', null].map(
      (cursor) =>
        [
          'nucleus_find_tool',
          { intent: 'x', cursor },
          'cursor must be the next_cursor of an answer to the same intent',
        ] as const,
    ),
    ...['nucleus_call', 'nucleus_read'].flatMap((tool): [string, Json, string | RegExp][] => [
      [tool, {}, noName],
      [tool, { name: 7, arguments: {} }, noName],
      [tool, { name: ' ', arguments: {} }, noName],
      [tool, { name: [name], arguments: {} }, noName],
      [tool, { name: `${name}e`, arguments: {} }, unknown],
      [tool, { name: 'nucleus_call', arguments: {} }, own],
      ...['x', 5, true, [{}]].map((given): [string, Json, string] => [
        tool,
        { name, arguments: given },
        noObject,
      ]),
    ]),
    ['nucleus_read', { name: 'forge_prod_push_files', arguments: {} }, /does not say that it only reads/],
    ['nucleus_call_plan', { steps: [] }, 'steps is required and must be a non-empty array'],
    [
      'nucleus_call_plan',
      { steps: [{ name: `${name}e` }] },
      /^steps\[0\]: unknown tool "forge_prod_get_mee"/,
    ],
    [
      'nucleus_call_plan',
      { steps: [{ name, arguments: 'x' }] },
      'steps[0].arguments must be an object; it was "x"',
    ],
    ['nucleus_call_plan', { steps: [{ name }], parallelism: 0.5 }, /^parallelism must be a whole number/],
    ['nucleus_call_plan', { steps: [{ name }], timeout_ms: -1 }, /^timeout_ms must be a whole number/],
    ['nucleus_call_plan', { steps: [{ name }], dry_run: 1 }, /^dry_run must be true or false/],
    ['nucleus_call_plan', { steps: [{ name }], shared_arguments: 1 }, 'shared_arguments must be an object'],
    ...['x', undefined, [1], { 0: 'x' }, Array.from({ length: 101 }, () => 'x')].map(
      (keywords) =>
        ['search', { keywords }, 'keywords is required and must be a list of up to 100 words'] as const,
    ),
    ['search', { keywords: ['x'], limit: 0 }, 'limit must be a whole number from 1 to 10'],
    ['search', { keywords: ['x'], limit: 2.5 }, 'limit must be a whole number from 1 to 10'],
    [
      'search',
      { keywords: ['x'], cursor: 'x' },
      'cursor must be the next_cursor of an answer to the same keywords',
    ],
  ];
  const executes: readonly (readonly [args: Json, code: number, sentence: RegExp])[] = [
    [{}, -32602, /execute takes name, a string, and arguments, an object/],
    [{ name }, -32602, /execute takes name, a string, and arguments, an object/],
    [{ name: 5, arguments: {} }, -32602, /execute takes name/],
    [{ name, arguments: [] }, -32602, /execute takes name/],
    [{ name, arguments: 'x' }, -32602, /execute takes name/],
    [{ name: `${name}e`, arguments: {} }, -32601, /Tool 'forge_prod_get_mee' not found; search names those/],
    [{ name: '', arguments: {} }, -32601, /Tool '' not found/],
    [{ name: 'execute', arguments: {} }, -32601, /Tool 'execute' not found/],
    [{ name: 'nucleus_call', arguments: { name, arguments: {} } }, -32601, /not found/],
  ];
  const before = wordy.calls();
  for (const caller of await checkingClients(t, home)) {
    for (const [tool, args, sentence] of bad) {
      const result = await caller.call(tool, args);
      const what = `${tool} ${JSON.stringify(args)}`;
      assert.equal(result['isError'], true, what);
      assert.equal((result['content'] as Json[]).length, 1, what);
      if (typeof sentence === 'string') assert.equal(textOf(result), sentence, what);
      else assert.match(textOf(result), sentence, what);
    }
    for (const [args, code, sentence] of executes)
      await assert.rejects(caller.call('execute', args), (error: { code: number; message: string }) => {
        assert.equal(error.code, code, JSON.stringify(args));
        return sentence.test(error.message);
      });
  }
  assert.equal(wordy.calls(), before);
});
