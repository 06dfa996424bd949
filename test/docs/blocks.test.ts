// What the pages tell a reader to type, typed: every ```sh run block, page by page, each page in a home of its own.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { createHome } from '../helpers/home.ts';
import { pages, readPage } from '../helpers/markdown.ts';
import { blocksOf, problemOf, runPage, withoutNetwork } from '../helpers/page-session.ts';
import { works } from '../helpers/require.ts';

/** A page takes some 3 s on a quiet machine. */
const pageLimit = 150_000;
const isPosix = process.platform !== 'win32';
const offline = isPosix && works('netns') ? withoutNetwork : [];

const marked = pages()
  .map((page) => ({ page, blocks: blocksOf(readPage(page)) }))
  .filter(({ blocks }) => blocks.length > 0);

test('the README and the pages for beginners have blocks to run', () => {
  const names = marked.map(({ page }) => page);
  for (const page of ['README.md', 'docs/policy.md', 'docs/troubleshooting.md', 'docs/workspaces.md'])
    assert.ok(names.includes(page), `${page} has no block marked "sh run"`);
});

describe('what a page tells to type works', { skip: !isPosix && 'no sh', concurrency: 2 }, () => {
  for (const { page, blocks } of marked)
    test(page, async (t) => {
      const home = createHome(t, '', 'user/.nucleusmcp');
      const ran = await runPage(home, blocks, offline, pageLimit);
      assert.equal(ran.length, blocks.length, 'each block ran');
      assert.deepEqual(ran.map(problemOf).filter(Boolean), []);
    });
});

const pageWith = (...lines: readonly string[]): string => lines.join('\n');

test('a command that fails is told with its line and what it printed', { skip: !isPosix }, async (t) => {
  const page = pageWith('# A', '', '```sh run', 'echo before', 'nucleus info no:body', 'echo after', '```');
  const run = runPage(createHome(t), blocksOf(page), [], pageLimit);
  await assert.rejects(run, /^Error: line 3: this block ended with 4\n[^]*before\nError: no profile/);
});

test('a page that never ends is ended', { skip: !isPosix }, async (t) => {
  const blocks = blocksOf(pageWith('```sh run', 'exec tail -f /dev/null', '```'));
  await assert.rejects(runPage(createHome(t), blocks, [], 300), /line 1: .*the end of the page/);
});

test('output that is not what the page says is told', { skip: !isPosix }, async (t) => {
  const first = [
    '```sh run',
    'printf "one 1\\ntwo\\nthree\\n"',
    '```',
    '',
    '```text',
    'one …',
    '…',
    'three',
    '```',
  ];
  const second = ['```sh run exit=3', 'echo four; (exit 3)', '```', '```text', 'five', '```'];
  const page = pageWith(...first, ...second);
  const ran = await runPage(createHome(t), blocksOf(page), [], pageLimit);
  const problems = ran.map(problemOf);
  assert.equal(problems[0], null);
  assert.match(problems[1] ?? '', /^line 10: the page says\n\nfive\n\nand it printed\n\nfour\n$/);
});

test('a mark that would never run is an error', () => {
  assert.throws(() => blocksOf(pageWith('```sh rum', 'true', '```')), /line 1: "rum" is no mark/);
});

test('commands of a page have no network', { skip: offline.length === 0 }, async (t) => {
  const page = pageWith('```sh run', 'ip -o link show | wc -l', '```', '', '```text', '1', '```');
  const [ran] = await runPage(createHome(t), blocksOf(page), offline, pageLimit);
  assert.ok(ran);
  assert.equal(problemOf(ran), null);
});
