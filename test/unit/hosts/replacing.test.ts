// What import does: ours in the place of others, in one write, and back again.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { createDesk, ours, shim } from './support.ts';

const both = `{
  "mcpServers": {
    "github": { "command": "npx", "args": ["gh"] }, // mine
    "github-work": {"command":"npx","args":["gh"],"env":{"TOKEN":"t"}},
    "fs": { "command": "fs" }
  }
}
`;
const host = 'claude-desktop' as const;
const replaces = ['github', 'github-work', 'not-there'];
const names = (text: string): string[] =>
  Object.keys((JSON.parse(text.replaceAll('// mine', '')) as { mcpServers: object }).mcpServers);

test('ours takes the place of those named, in one write', (t) => {
  const desk = createDesk(t, { content: both });
  const { status, changed } = desk.hosts.connect({ host, replaces });
  assert.deepEqual([status.state, status.others, changed.length], ['connected', ['fs'], 1]);
  assert.deepEqual(names(desk.read()), ['nucleus', 'fs']);
  assert.equal(readFileSync(changed[0]?.backup ?? '', 'utf8'), both);
});

test('giving back restores every byte while nobody else wrote', (t) => {
  const desk = createDesk(t, { content: both });
  desk.hosts.connect({ host, replaces });
  assert.deepEqual(desk.hosts.giveBack({ host }), [{ file: desk.file, how: 'restored' }]);
  assert.equal(desk.read(), both);
  assert.equal(desk.status().consented, false);
  assert.deepEqual(desk.hosts.giveBack({ host }), []);
});

test('giving back leaves an entry of ours that was there before', (t) => {
  const desk = createDesk(t, { content: both });
  desk.connect();
  const before = desk.read();
  desk.hosts.connect({ host, replaces });
  assert.deepEqual(desk.hosts.giveBack({ host }), [{ file: desk.file, how: 'restored' }]);
  assert.equal(desk.read(), before);
  assert.deepEqual([desk.status().state, desk.status().consented], ['connected', true]);
  assert.deepEqual(desk.hosts.undo({ host }), [{ file: desk.file, how: 'restored' }]);
  assert.equal(desk.read(), both);
});

test('giving back after somebody else wrote keeps theirs, and what stood there before is back', (t) => {
  const desk = createDesk(t, { content: both });
  desk.hosts.connect({ host, replaces });
  const theirs = {
    nucleus: ours,
    fs: { command: 'fs' },
    new: { command: 'n' },
    github: { command: 'newer' },
  };
  writeFileSync(desk.file, JSON.stringify({ mcpServers: theirs, theme: 'dark' }));
  assert.deepEqual(desk.hosts.giveBack({ host }), [{ file: desk.file, how: 'merged' }]);
  assert.deepEqual(JSON.parse(desk.read()), {
    mcpServers: {
      'github-work': { command: 'npx', args: ['gh'], env: { TOKEN: 't' } },
      fs: { command: 'fs' },
      new: { command: 'n' },
      github: { command: 'newer' },
    },
    theme: 'dark',
  });
});

test('undo of all gives back what was replaced, across a write of somebody else in between', (t) => {
  const desk = createDesk(t, { content: both });
  desk.hosts.connect({ host, replaces });
  writeFileSync(desk.file, '{"mcpServers":{"later":{"command":"l"}}}');
  desk.connect();
  assert.deepEqual(desk.hosts.undo({ host }), [{ file: desk.file, how: 'merged' }]);
  assert.deepEqual(names(desk.read()).toSorted(), ['github', 'github-work', 'later']);
});

test('further entries that lead to us go with the click that connects, and come back with undo', (t) => {
  const content = JSON.stringify({
    mcpServers: {
      old: { command: 'npx', args: ['-y', 'nucleus', 'serve'] },
      narrow: { command: shim, args: ['serve', '--profile', 'a:b'] },
      nucleus: ours,
    },
  });
  const desk = createDesk(t, { content });
  const { state, duplicates, others, preview } = desk.status();
  assert.deepEqual([state, duplicates, others], ['changed', ['old'], ['narrow']]);
  assert.match(preview, /^-/m);
  assert.equal(desk.connect().state, 'connected');
  assert.deepEqual(names(desk.read()), ['narrow', 'nucleus']);
  desk.undo();
  assert.equal(desk.read(), content);
});

test('a file that cannot be written is left as it was, and what could be undone still can', (t) => {
  const desk = createDesk(t, { content: both });
  desk.connect();
  const before = desk.read();
  writeFileSync(desk.file, '{');
  assert.throws(() => desk.hosts.connect({ host, replaces }), { code: 'CONFIG_INVALID' });
  writeFileSync(desk.file, before);
  assert.deepEqual(desk.hosts.undo({ host }), [{ file: desk.file, how: 'restored' }]);
  assert.equal(desk.read(), both);
});

test('servers of every installed host are read, ours included, with what is in the way', (t) => {
  const desk = createDesk(t, { content: both });
  desk.connect();
  const [found, ...more] = desk.hosts.servers();
  assert.deepEqual(
    [found?.host, found?.title, found?.file, more.length],
    [host, 'Claude Desktop', desk.file, 0],
  );
  assert.deepEqual(Object.keys(found?.entries ?? {}), ['nucleus', 'github', 'github-work', 'fs']);
  writeFileSync(desk.file, '[');
  const [broken] = desk.hosts.servers();
  assert.deepEqual(broken?.entries, {});
  assert.match(broken?.problem ?? '', /is not valid JSON/);
});

for (const name of ['constructor', 'toString', '__proto__'])
  test(`a server called ${name} goes and comes back like any other`, (t) => {
    const content = `{ "mcpServers": { ${JSON.stringify(name)}: { "command": "gh" }, "fs": { "command": "fs" } } }\n`;
    const desk = createDesk(t, { content });
    desk.hosts.connect({ host, replaces: [name] });
    assert.deepEqual(names(desk.read()), ['nucleus', 'fs']);
    writeFileSync(desk.file, desk.read().replace('"fs" }', '"fs2" }'));
    assert.deepEqual(desk.hosts.giveBack({ host }), [{ file: desk.file, how: 'merged' }]);
    assert.deepEqual(names(desk.read()).toSorted(), [name, 'fs'].toSorted());
  });
