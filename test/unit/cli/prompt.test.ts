import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import type { Context } from '../../../src-main/cli/context.ts';
import { createPrompter } from '../../../src-main/cli/prompt.ts';

/** Streams a prompter takes for stdin and stderr; `isTTY` makes them a terminal that counts its modes. */
function createStreams(isTTY: boolean) {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  const modes: boolean[] = [];
  const terminal = {
    isTTY,
    isRaw: false,
    setRawMode: (mode: boolean) => {
      modes.push(mode);
      terminal.isRaw = mode;
      Object.assign(stdin, { isRaw: mode });
    },
  };
  const streams = {
    stdin: Object.assign(stdin, terminal),
    stderr,
    interrupt: () => {},
  } satisfies Pick<Context, 'stdin' | 'stderr' | 'interrupt'>;
  return { prompter: createPrompter(streams), stdin, modes, shown: () => String(stderr.read() ?? '') };
}

test('lines that come in one chunk answer one question each, the end of the input is null', async () => {
  const { prompter, stdin, shown } = createStreams(false);
  stdin.end('one\r\ntwo\n\nlast');
  assert.equal(await prompter.ask('a? '), 'one');
  assert.equal(await prompter.askHidden('b? '), 'two');
  assert.equal(await prompter.ask('c? '), '');
  assert.equal(await prompter.ask('d? '), 'last');
  assert.equal(await prompter.ask('e? '), null);
  assert.equal(shown(), 'a? \nb? \nc? \nd? \ne? \n');
});

test('a line may come in pieces, cut inside a line end', async () => {
  const { prompter, stdin } = createStreams(false);
  const first = prompter.ask('');
  stdin.write('o');
  stdin.write('ne\r');
  stdin.write('\ntwo\n');
  assert.equal(await first, 'one');
  assert.equal(await prompter.ask(''), 'two');
});

test('a hidden answer is taken key by key in raw mode, which is always left', async () => {
  const { prompter, stdin, modes, shown } = createStreams(true);
  const answer = prompter.askHidden('Paste token: ');
  assert.deepEqual(modes, [true]);
  stdin.write('wrong\u0015sex\u007fs\u001b[Dame\rnext\r');
  assert.equal(await answer, 'sesame');
  assert.deepEqual(modes, [true, false]);
  assert.equal(await prompter.askHidden('Again: '), 'next');
  assert.equal(shown(), 'Paste token: \nAgain: \n');
});

test('an end of input on the terminal is no answer', async () => {
  const { prompter, stdin, modes } = createStreams(true);
  const answer = prompter.askHidden('Paste token: ');
  stdin.write('\u0004');
  assert.equal(await answer, null);
  assert.deepEqual(modes, [true, false]);
});
