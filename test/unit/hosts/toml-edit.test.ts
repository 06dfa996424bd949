import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { applyEdits, type EntryPath } from '../../../src-main/gateway/hosts/edit.ts';
import { readTomlSection, removeTomlEntry, setTomlEntry } from '../../../src-main/gateway/hosts/toml-edit.ts';

const path: EntryPath = ['mcp_servers', 'nucleus'];
const value = { command: 'n', args: ['serve'] };
const block = '[mcp_servers.nucleus]\ncommand = "n"\nargs = [ "serve" ]\n';
const set = (text: string): string => applyEdits(text, setTomlEntry(text, path, value));
const remove = (text: string): string => applyEdits(text, removeTomlEntry(text, path));
const plain = (text: string): unknown => JSON.parse(JSON.stringify(parse(text)));

/** Text before, with our entry set; taking it out again gives the text before back. */
const layouts: readonly (readonly [what: string, before: string, after: string])[] = [
  ['nothing', '', block],
  ['keys only', 'a = 1\n', `a = 1\n\n${block}`],
  ['no end of the last line', 'a = 1', `a = 1\n\n${block}`],
  ['CRLF', 'a = 1\r\n', `a = 1\r\n\r\n${block.replaceAll('\n', '\r\n')}`],
  ['an empty line at the end', 'a = 1\n\n', `a = 1\n\n${block}`],
  ['a comment at the end', 'a = 1\n# b', `a = 1\n# b\n\n${block}`],
  ['other servers', '[mcp_servers.x]\ncommand = "y"\n', `[mcp_servers.x]\ncommand = "y"\n\n${block}`],
  ['a table of servers', '[mcp_servers]\n', `[mcp_servers]\n\n${block}`],
  ['dotted keys', 'mcp_servers.x.command = "y"\n', `mcp_servers.x.command = "y"\n\n${block}`],
  ['arrays of tables', '[[a]]\nb = 1\n[[a]]\nb = 2\n', `[[a]]\nb = 1\n[[a]]\nb = 2\n\n${block}`],
  [
    'a text that looks like ours',
    't = """\n[mcp_servers.nucleus]\n"""\n',
    `t = """\n[mcp_servers.nucleus]\n"""\n\n${block}`,
  ],
];

for (const [what, before, after] of layouts)
  test(`into TOML with ${what}`, () => {
    assert.equal(set(before), after);
    assert.deepEqual(readTomlSection(after, path).entries?.['nucleus'], value);
    assert.equal(set(after), after);
    // Its last line stays ended, and of the blank lines before ours none is left.
    const expected = before === '' || before.endsWith('\n') ? before : `${before}\n`;
    assert.equal(remove(after), what === 'an empty line at the end' ? 'a = 1\n' : expected);
    assert.equal(remove(before), before);
  });

/** Text with an entry somebody wrote in each form, what replacing makes of it and what is left without. */
const forms: readonly (readonly [what: string, before: string, replaced: string, removed: string])[] = [
  [
    'a table between others',
    '# top\n[a]\nx = 1 # one\n\n[mcp_servers.nucleus] # ours\ncommand = "old"\n\n[b]\ny = 2\n',
    `# top\n[a]\nx = 1 # one\n\n[mcp_servers.nucleus]\ncommand = "n"\nargs = [ "serve" ]\n\n[b]\ny = 2\n`,
    '# top\n[a]\nx = 1 # one\n\n[b]\ny = 2\n',
  ],
  [
    'a table with one below it',
    '[mcp_servers.nucleus]\ncommand = "old"\n\n[mcp_servers.nucleus.env]\nA = "1"\n\n[b]\n',
    `[mcp_servers.nucleus]\ncommand = "n"\nargs = [ "serve" ]\n\n[b]\n`,
    '[b]\n',
  ],
  [
    'a key of the table around it',
    '[mcp_servers]\nnucleus = { command = "old" } # mine\nx = { command = "y" }\n',
    `[mcp_servers]\nx = { command = "y" }\n\n${block}`,
    '[mcp_servers]\nx = { command = "y" }\n',
  ],
  [
    'dotted keys of the table around it',
    '[mcp_servers]\nnucleus.command = "old"\nnucleus.args = []\nx.command = "y"\n',
    `[mcp_servers]\nx.command = "y"\n\n${block}`,
    '[mcp_servers]\nx.command = "y"\n',
  ],
  [
    'quoted names',
    '["mcp_servers".\'nucleus\']\n"command" = "old"\n[b]\n',
    `[mcp_servers.nucleus]\ncommand = "n"\nargs = [ "serve" ]\n[b]\n`,
    '[b]\n',
  ],
];

for (const [what, before, replaced, removed] of forms)
  test(`an entry as ${what} is replaced, and taken out`, () => {
    assert.equal(set(before), replaced);
    assert.deepEqual(readTomlSection(replaced, path).entries?.['nucleus'], value);
    assert.equal(remove(before), removed);
  });

test('what is no TOML, or in a form that takes no table, is refused with its place', () => {
  const problems: readonly (readonly [string, RegExp])[] = [
    ['a = ', /^is not valid TOML \(line 1, column \d+\)$/],
    ['a = 1\na = 2\n', /^is not valid TOML/],
    ['mcp_servers = { x = { command = "y" } }\n', /^has "mcp_servers" on one line in braces/],
    ['mcp_servers = 1\n', /^has a "mcp_servers" that is not a table$/],
    [`a = ${'['.repeat(100_000)}`, /^is (nested too deep|not valid TOML)/],
  ];
  for (const [text, problem] of problems) {
    assert.match(readTomlSection(text, path).problem ?? '', problem);
    assert.throws(() => setTomlEntry(text, path, value), { code: 'CONFIG_INVALID' });
  }
});

test('a secret in a broken file is in no sentence about it', () => {
  const { problem } = readTomlSection('token = "hunter2\n', path);
  assert.ok(problem && !problem.includes('hunter2'));
});

test('in hundreds of made-up files ours goes in and out, and all else means what it meant', () => {
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
  const pieces = [
    () => `# note ${next(99)}\n`,
    () => '\n',
    () => `[t${next(1_000_000)}]\nx = ${next(9)} # c\n`,
    () => `[[list${next(1_000_000)}]]\nx = """\n[mcp_servers.nucleus]\n"""\n`,
    () => `  [mcp_servers.s${next(1_000_000)}]  # s\n  command = 'c'\n  args = [\n "a", # b\n ]\n`,
    () => `[mcp_servers."a b${next(1_000_000)}".env]\nK = "v"\n`,
    () => `[d${next(1_000_000)}]\na.b.c = 1979-05-27\n`,
  ];
  for (let round = 0; round < 300; round++) {
    const eol = pick(['\n', '\r\n']);
    const text = Array.from({ length: next(9) }, () => pick(pieces)())
      .join('')
      .replaceAll('\n', eol);
    const after = set(text);
    assert.deepEqual(plain(after), { ...(plain(text) as object), ...merge(plain(text)) });
    assert.ok(after.startsWith(text), text);
    assert.deepEqual(plain(remove(after)), plain(text));
  }
});

function merge(before: unknown): object {
  const { mcp_servers: servers = {} } = before as { mcp_servers?: object };
  return { mcp_servers: { ...servers, nucleus: value } };
}

test('a number too big for JavaScript and a date stay', () => {
  const text = 'big = 9007199254740993\nsince = 2026-01-02T03:04:05Z\n';
  assert.equal(set(text), `${text}\n${block}`);
});
