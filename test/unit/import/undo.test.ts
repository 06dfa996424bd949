import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { createImportRecords } from '../../../src-main/gateway/import/record.ts';
import { forgetCopies } from '../../../src-main/gateway/import/undo.ts';
import type { Log } from '../../../src-main/gateway/platform.ts';
import { createHome } from '../../helpers/home.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

test('forgetting deletes copies of ours only, whatever the record says', (t) => {
  const home = createHome(t);
  const folder = home.path('hosts');
  const copy = join(folder, 'cursor', '2026-11-20T10-00-00.000Z.json');
  const foreign = home.path('documents', 'letter.txt');
  for (const file of [copy, foreign, join(folder, 'state.json')]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }
  const records = createImportRecords({ folder, log });
  const files = [copy, foreign, join(folder, 'cursor', '..', '..', 'documents', 'x'), join(folder, 'x')].map(
    (backup) => ({ file: '/home/me/.cursor/mcp.json', backup }),
  );
  const hosts = [{ host: 'cursor' as const, names: ['a'], files }];
  records.write({ version: 1, imports: [{ at: 1, profiles: [], connectors: [], hosts }], marks: {} });
  assert.deepEqual(forgetCopies(records, folder, log), [copy]);
  assert.deepEqual(
    [copy, foreign].map((file) => existsSync(file)),
    [false, true],
  );
  assert.deepEqual(records.read().imports, []);
});
