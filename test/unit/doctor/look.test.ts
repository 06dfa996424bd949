import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { removeOldCopies } from '../../../src-main/gateway/doctor/look.ts';
import { createHome } from '../../helpers/home.ts';

test('a copy of the registry that a killed look left behind goes with the next look', (t) => {
  const home = createHome(t);
  const folder = home.path('tmp');
  const gone = spawnSync(process.execPath, ['--version']).pid;
  for (const name of [
    `nucleus-look-${gone}-a1`,
    `nucleus-look-${process.pid}-b2`,
    'nucleus-look-c3',
    'other',
  ]) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'registry.db'), '');
  }
  symlinkSync(join(folder, 'other'), join(folder, `nucleus-look-${gone}-d4`));
  removeOldCopies(folder);
  assert.deepEqual(
    readdirSync(folder).toSorted(),
    [`nucleus-look-${process.pid}-b2`, `nucleus-look-${gone}-d4`, 'nucleus-look-c3', 'other'].toSorted(),
  );
  assert.deepEqual(readdirSync(join(folder, 'other')), ['registry.db']);
});
