import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { detect } from '../../../src-main/gateway/profiles/detect.ts';
import { parseManifest, type DetectRule } from '../../../src-main/gateway/profiles/manifest.ts';
import { verifies } from '../../helpers/requirements.ts';

const rule: DetectRule = {
  files: ['supabase/config.toml'],
  format: 'toml',
  at: ['project_id'],
  field: 'project_id',
  reason: null,
};

function setUp(t: TestContext, files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'nucleus-detect-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const folders = [join(root, 'a/b'), join(root, 'a'), root];
  return (each: DetectRule = rule) => detect('supabase', [each], folders);
}

const valuesOf = ({ found }: ReturnType<typeof detect>): string[] => found.map(({ value }) => value);

test('the nearest file above the folder tells', (t) => {
  verifies('NUC-047');
  const look = setUp(t, {
    'supabase/config.toml': 'project_id = "far"\n',
    'a/supabase/config.toml': 'project_id = "near"\n',
  });
  assert.deepEqual(valuesOf(look()), ['near']);
  assert.deepEqual(valuesOf(look({ ...rule, files: ['other.toml'] })), []);
});

test('a file that cannot be read is told without a word of it, and tells nothing', (t) => {
  verifies('NUC-047');
  const broken = setUp(t, { 'supabase/config.toml': 'a = 1\nproject_id = SECRET\n' })();
  assert.deepEqual(broken.found, []);
  assert.deepEqual(
    broken.failures.map(({ message }) => message),
    ['is not valid TOML (line 2)'],
  );
  const table = setUp(t, { 'supabase/config.toml': '[project_id]\n' })();
  assert.deepEqual([table.found, table.failures[0]?.message], [[], 'project_id is no text and no number']);
  const missing = setUp(t, { 'supabase/config.toml': 'other = 1\n' })();
  assert.deepEqual(missing, { found: [], failures: [] });
  const folder = setUp(t, { 'supabase/config.toml/file': '' })();
  assert.match(folder.failures[0]?.message ?? '', /is not a regular file/);
});

const manifest = (lines: string): string =>
  `schema = 1\nname = "shop"\ntransport = "stdio"\nauth = "none"\n[[metadata]]\nkey = "ref"\n[[autodetect]]\n${lines}`;
const source = { file: '/c/shop.toml', name: 'shop', kind: 'custom' } as const;

test('a manifest of one’s own has rules, with keys at any depth', (t) => {
  verifies('NUC-048');
  const text = 'files = [".shop/link.json"]\nformat = "json"\nat = "project.ref"\nfield = "ref"\n';
  const { autodetect } = parseManifest(manifest(text), source);
  assert.deepEqual(autodetect, [
    { files: ['.shop/link.json'], format: 'json', at: ['project', 'ref'], field: 'ref', reason: null },
  ]);
  const look = setUp(t, { '.shop/link.json': '{"project":{"ref":42}}' });
  assert.deepEqual(valuesOf(look(autodetect[0])), ['42']);
});

test('a rule that leads out of the folder, or names no field, is refused', () => {
  verifies('NUC-048');
  for (const [lines, why] of [
    ['files = ["../x"]\nformat = "json"\nat = "a"\nfield = "ref"\n', /inside the folder/],
    ['files = ["/etc/x"]\nformat = "json"\nat = "a"\nfield = "ref"\n', /inside the folder/],
    ['files = ["x"]\nformat = "json"\nat = "a..b"\nfield = "ref"\n', /keys that lead to the value/],
    ['files = ["x"]\nformat = "json"\nat = "a"\nfield = "none"\n', /there is no metadata field "none"/],
    ['files = ["x"]\nformat = "xml"\nat = "a"\nfield = "ref"\n', /autodetect\[0\]\.format/],
  ] as const)
    assert.throws(() => parseManifest(manifest(lines), source), { code: 'CONNECTOR_INVALID', message: why });
});
