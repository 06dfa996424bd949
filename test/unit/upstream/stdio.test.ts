import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { openStdio, spawnCommand } from '../../../src-main/gateway/upstream/stdio.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { kill } from '../../helpers/processes.ts';
import { until } from '../../helpers/until.ts';

// Starts a process outside of its group that keeps stdout and stderr, says its pid and ends.
const leaving = `
  const { spawn } = require('node:child_process');
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'inherit' });
  child.unref();
  process.stdout.write(child.pid + '\\n', () => process.exit(3));
`;

async function runLeaving(t: TestContext): Promise<string> {
  const clock = createFakeClock();
  const child = spawnCommand({
    command: process.execPath,
    args: ['-e', leaving],
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: '/',
  });
  const transport = await openStdio(child, { clock, lineLimit: 1_000, stderr: 'inherit' });
  const ended = Promise.withResolvers<string>();
  transport.onEnd = ({ what }) => ended.resolve(what);
  transport.onLine = (line) => {
    t.after(() => kill(Number(line.toString())));
    return null;
  };
  await until('the exit starts the wait for the last lines', () => clock.waiting > 0);
  await clock.advance(150);
  return ended.promise;
}

test(
  'an upstream that leaves its pipes to another process ends and keeps no descriptor',
  { skip: process.platform !== 'linux' && 'descriptors are looked up in /proc' },
  async (t) => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    // The first child opens what the event loop keeps for all of them.
    assert.equal(await runLeaving(t), 'exited with code 3');
    const before = descriptors();
    await runLeaving(t);
    await until('the pipes are closed', () => descriptors() <= before);
  },
);

test('upstreams that share our stderr add no listener to it each', async () => {
  const before = process.stderr.listenerCount('error');
  const child = spawnCommand({ command: process.execPath, args: ['-e', ''], env: {}, cwd: '/' });
  const options = { clock: createFakeClock(), lineLimit: 1_000, stderr: 'inherit' } as const;
  const transport = await openStdio(child, options);
  assert.equal(process.stderr.listenerCount('error'), before);
  await transport.close();
});

test('what an upstream says last is told without the secrets it was given', async () => {
  const clock = createFakeClock();
  const script = 'console.error("bad token " + process.env.TOKEN)';
  const env = { TOKEN: 'sesame' };
  const child = spawnCommand({ command: process.execPath, args: ['-e', script], env, cwd: '/' });
  const transport = await openStdio(child, {
    clock,
    lineLimit: 1_000,
    stderr: 'null',
    secrets: ['sesame', ''],
  });
  await until('it said something', () => transport.stderrTail() !== '');
  assert.equal(transport.stderrTail(), 'bad token …\n');
  await transport.close();
});
