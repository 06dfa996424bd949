import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { createTerminal } from '../../../src-main/gateway/policy/terminal.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

test('a terminal that reads nothing at once says no, and holds up nobody', async (t) => {
  const shell = spawn('script', ['-qec', 'stty -icanon min 0 time 0 && tty && sleep 20', '/dev/null']);
  t.after(() => shell.kill('SIGKILL'));
  const [path] = (await once(shell.stdout, 'data')) as [Buffer];
  const { confirm } = createTerminal({ clock: createFakeClock() });
  const isYes = await confirm(path.toString().trim(), '? ', '1234', new AbortController().signal);
  assert.equal(isYes, false);
});
