import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand, holesOf } from '../../../src-main/gateway/profiles/template.ts';
import { NucleusError } from '../../../src-shared/errors.ts';

const context = {
  metadata: { file: '/data/a b.db', empty: '', sneaky: '{{secret.token}} $(id) `id` ; rm -rf /' },
  secrets: { token: 's3cret', other: 'o' },
  readOnly: true,
};

test('every kind of hole is filled', () => {
  assert.equal(
    expand('{{metadata.file}}|{{secret}}|{{secret.token}}|{{secret.other}}|{{read_only}}', context),
    '/data/a b.db|s3cret|s3cret|o|true',
  );
  assert.equal(expand('{{read_only}}', { ...context, readOnly: false }), 'false');
});

test('a text without holes is itself', () => {
  assert.equal(expand('--json={"a":{"b":1}}', context), '--json={"a":{"b":1}}');
  assert.equal(expand('', context), '');
});

test('an empty or missing value takes the whole entry away', () => {
  assert.equal(expand('--x={{metadata.empty}}', context), null);
  assert.equal(expand('--x={{metadata.missing}}', context), null);
  assert.equal(expand('{{secret.missing}}', context), null);
});

test('a value is never looked at for holes or by a shell', () => {
  assert.equal(expand('{{metadata.sneaky}}', context), '{{secret.token}} $(id) `id` ; rm -rf /');
});

test('patterns of String.replace in a value stay as they are', () => {
  assert.equal(expand('a{{metadata.x}}b', { ...context, metadata: { x: "$& $1 $` $'" } }), "a$& $1 $` $'b");
});

test('a key of Object.prototype reaches nothing', () => {
  assert.equal(expand('{{metadata.constructor}}', context), null);
});

test('a NUL in a value is refused without showing the value', () => {
  assert.throws(
    () => expand('{{secret}}', { ...context, secrets: { token: 'hidden\0value' } }),
    (error: unknown) =>
      error instanceof NucleusError &&
      error.code === 'METADATA_INVALID' &&
      error.message.includes('{{secret}}') &&
      !error.message.includes('hidden'),
  );
});

test('the holes of a template are told in order', () => {
  assert.deepEqual(holesOf('{{metadata.a}} {{secret}} {{secret.b}} {{read_only}}'), [
    { kind: 'metadata', key: 'a' },
    { kind: 'secret', name: 'token' },
    { kind: 'secret', name: 'b' },
    { kind: 'read_only' },
  ]);
});

for (const wrong of [
  '{{metadata}}',
  '{{ metadata.a }}',
  '{{metadata.a.b}}',
  '{{env.HOME}}',
  '{{}}',
  '{{secret.}}',
  '{{file.x}}',
  'x {{metadata.a',
])
  test(`the hole ${wrong} is unknown`, () => {
    assert.throws(() => holesOf(wrong), { name: 'NucleusError', code: 'CONNECTOR_INVALID' });
  });
