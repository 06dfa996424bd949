// The Doctor view: what is wrong is mended in its row, and the report is read before it is copied.
import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import test from 'node:test';
import { needsApp, startApp } from '../helpers/app.ts';
import { createHome } from '../helpers/home.ts';

test('a fault is mended by its button, stays to be seen, and the report that was read is what is copied', async (t) => {
  if (!needsApp(t)) return;
  const home = createHome(t);
  const app = await startApp(t, home);
  const page = await app.page();
  await page.getByRole('heading', { level: 1 }).waitFor();
  chmodSync(home.state, 0o755);
  await page.keyboard.press('Control+7');
  const row = page.getByRole('listitem').filter({ hasText: 'Who may read the state folder' });
  const limit = { timeout: 30_000 };
  await row.getByRole('button', { name: 'Fix' }).click(limit);
  await row.getByText('fixed just now').waitFor(limit);
  assert.equal(statSync(home.state).mode & 0o777, 0o700);

  await page.getByRole('button', { name: 'Copy report…' }).click();
  const report = page.getByRole('region', { name: 'The report' });
  const shown = await report.locator('pre > span').allInnerTexts();
  assert.match(shown[0] ?? '', /^Nucleus \d+\.\d+\.\d+, /);
  assert.ok(
    shown.some((line) => line.startsWith('[ ok ] runtime: ')),
    shown.join('\n'),
  );
  await report.getByRole('button', { name: 'Copy' }).click();
  await page.getByText('Copied.', { exact: true }).waitFor({ state: 'attached' });
  const copied = await app.electron.evaluate(({ clipboard }) => clipboard.readText());
  assert.equal(copied, shown.join('\n'));

  await page.getByRole('button', { name: 'Look again' }).click();
  await row.waitFor({ state: 'detached', ...limit });
});
