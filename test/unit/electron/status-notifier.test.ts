import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { watchTrayHost } from '../../../src-main/electron/status-notifier.ts';
import { withDeadline } from '../../helpers/until.ts';
import { quietLog } from '../../fixtures/electron-parts/examples.ts';

for (const [what, address] of [
  ['no address', ''],
  ['an address where nothing is', 'unix:path=/nonexistent/bus'],
  ['an address that makes no sense', 'nonsense'],
] as const)
  test(`with ${what} of a session bus nothing is waited for or watched`, async (t) => {
    setBus(t, address);
    const watch = watchTrayHost({ log: quietLog, onMissing: () => assert.fail('no host') });
    await withDeadline('the end of looking', watch.watching);
    watch.close();
  });

function setBus(t: TestContext, address: string): void {
  const { DBUS_SESSION_BUS_ADDRESS: bus, XDG_RUNTIME_DIR: runtime } = process.env;
  t.after(() => {
    if (bus !== undefined) process.env['DBUS_SESSION_BUS_ADDRESS'] = bus;
    if (runtime !== undefined) process.env['XDG_RUNTIME_DIR'] = runtime;
  });
  delete process.env['XDG_RUNTIME_DIR'];
  process.env['DBUS_SESSION_BUS_ADDRESS'] = address;
}
