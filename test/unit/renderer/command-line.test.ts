import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitCommandLine } from '../../../src-renderer/state/command-line.ts';

test('a command line splits where a shell would split it', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['npx -y some-mcp@1.0.0', ['npx', '-y', 'some-mcp@1.0.0']],
    ['  run   "two words" \'and $three\' ', ['run', 'two words', 'and $three']],
    ['a"b"c d\\ e ""', ['abc', 'd e', '']],
    ['say "a \\"b\\" \\c"', ['say', 'a "b" \\c']],
    ['C=1 price$ 5', ['C=1', 'price$', '5']],
    ['', []],
  ];
  for (const [line, words] of cases) assert.deepEqual(splitCommandLine(line).words, words, line);
});

test('what only a shell could do is refused with a sentence', () => {
  for (const line of [
    'a | b',
    'a && b',
    'a > f',
    'a $HOME',
    'a "${X}"',
    'a `b`',
    'a; b',
    'a "open',
    "a 'open",
    'a \\',
  ])
    assert.match(
      splitCommandLine(line).problem ?? '',
      /^(No shell runs this|A quotation mark|It ends with)/,
      line,
    );
});
