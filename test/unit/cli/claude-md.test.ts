import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { claudeMdBlock, writeClaudeMd } from '../../../src-main/cli/claude-md.ts';
import { verifies } from '../../helpers/requirements.ts';

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-claude-md-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'CLAUDE.md');
}

for (const text of [
  '# Mine',
  '# Mine\n',
  '# Mine\n\n',
  '\n',
  'a\r\nb\r\n',
  'a\r\nb',
  '\uFEFFx\n',
  '```\n<!-- -->\n```',
])
  test(`the block goes into ${JSON.stringify(text)} once, and out again without a trace`, (t) => {
    verifies('NUC-116');
    const file = temporaryFile(t);
    writeFileSync(file, text);
    assert.equal(writeClaudeMd(file, claudeMdBlock), 'written');
    const after = readFileSync(file, 'utf8');
    assert.ok(after.startsWith(text));
    assert.equal(writeClaudeMd(file, claudeMdBlock), 'same');
    assert.equal(readFileSync(file, 'utf8'), after);
    assert.equal(writeClaudeMd(file, null), 'removed');
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.equal(writeClaudeMd(file, null), 'same');
  });

test('a block of an earlier version is replaced where it is, with what follows kept', (t) => {
  const file = temporaryFile(t);
  writeFileSync(file, 'before\n\n<!-- nucleus:begin -->\nold\n<!-- nucleus:end -->\n\nafter\n');
  writeClaudeMd(file, claudeMdBlock);
  assert.equal(readFileSync(file, 'utf8'), `before\n\n${claudeMdBlock}\n\nafter\n`);
  writeClaudeMd(file, null);
  assert.equal(readFileSync(file, 'utf8'), 'before\n\nafter\n');
});

test('a file of ours alone is made, and gone again', (t) => {
  const file = temporaryFile(t);
  writeClaudeMd(file, claudeMdBlock);
  assert.equal(readFileSync(file, 'utf8'), `${claudeMdBlock}\n`);
  writeClaudeMd(file, null);
  assert.equal(existsSync(file), false);
});

test('marks that do not belong together are left to the person', (t) => {
  const file = temporaryFile(t);
  const [begin, end] = ['<!-- nucleus:begin -->', '<!-- nucleus:end -->'];
  for (const text of [begin, end, `${end}\n${begin}`, `${begin}\n${end}\n${begin}\n${end}`]) {
    writeFileSync(file, text);
    for (const block of [claudeMdBlock, null])
      assert.throws(() => writeClaudeMd(file, block), { code: 'CONFIG_INVALID' });
    assert.equal(readFileSync(file, 'utf8'), text);
  }
});
