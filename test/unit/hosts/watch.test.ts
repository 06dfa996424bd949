import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Clock } from '../../../src-main/gateway/platform.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { withDeadline } from '../../helpers/until.ts';
import { createDesk, type Desk } from './support.ts';

/** Tells when somebody waits on it, since only then something was noticed. */
function createNoticingClock() {
  const clock = createFakeClock();
  const waits: number[] = [];
  let tell = (): void => {};
  const noticing: Clock = {
    now: clock.now,
    after(milliseconds, act) {
      waits.push(milliseconds);
      tell();
      return clock.after(milliseconds, act);
    },
  };
  return {
    clock: noticing,
    fake: clock,
    waits,
    /** Resolves at the next wait of that length. */
    noticed: (milliseconds: number) =>
      withDeadline(
        'the watch to notice',
        new Promise<void>((resolve) => {
          tell = () => {
            if (waits.at(-1) === milliseconds) resolve();
          };
        }),
      ),
  };
}

function watched(t: TestContext, options: Parameters<typeof createDesk>[1] = {}) {
  const time = createNoticingClock();
  const desk = createDesk(t, { clock: time.clock, ...options });
  return {
    ...time,
    desk,
    watch() {
      const changes: string[] = [];
      const close = desk.hosts.watch(() => changes.push(desk.status().state));
      t.after(close);
      return { changes, close };
    },
    /** Does it, waits until the watch saw it, and lets the dust settle. */
    async after(act: (desk: Desk) => void) {
      const noticed = time.noticed(500);
      act(desk);
      await noticed;
      await time.fake.advance(500);
    },
  };
}

test('a wiped entry is noticed', async (t) => {
  verifies('NEW-040');
  const { desk, watch, after } = watched(t, { content: '{"a":1}' });
  desk.connect();
  const { changes } = watch();
  await after(() => writeFileSync(desk.file, '{"a":1}'));
  assert.deepEqual(changes, ['missing']);
  await after(() => desk.connect());
  assert.deepEqual(changes, ['missing', 'connected']);
});

test('a file replaced by another, as careful programs do, is noticed and stays watched', async (t) => {
  const { desk, watch, after } = watched(t, { content: '{"a":1}' });
  desk.connect();
  const { changes } = watch();
  for (const content of ['{}', '{"mcpServers":{"nucleus":{}}}'])
    await after(() => {
      writeFileSync(`${desk.file}.new`, content);
      renameSync(`${desk.file}.new`, desk.file);
    });
  assert.deepEqual(changes, ['missing', 'changed']);
});

test('a rewrite that keeps our entry, and other files in the folder, are not told', async (t) => {
  const { desk, watch, after, waits } = watched(t, { content: '{"a":1}' });
  desk.connect();
  const { changes } = watch();
  writeFileSync(join(dirname(desk.file), 'Preferences'), '{}');
  await after(() => writeFileSync(desk.file, desk.read().replace('"a":1', '"a":2')));
  assert.deepEqual(changes, []);
  assert.deepEqual(new Set(waits), new Set([60_000, 500]));
});

test('the target of a link is watched where it is', async (t) => {
  const { desk, watch, after } = watched(t);
  const target = join(desk.user, 'dotfiles/claude.json');
  mkdirSync(dirname(target));
  writeFileSync(target, '{}');
  symlinkSync(target, desk.file);
  desk.connect();
  const { changes } = watch();
  await after(() => writeFileSync(target, '{}'));
  assert.deepEqual(changes, ['missing']);
});

test('a folder that went and came back is watched again', async (t) => {
  const { desk, watch, after, fake } = watched(t, { content: '{}' });
  desk.connect();
  const { changes } = watch();
  await after(() => rmSync(dirname(desk.file), { recursive: true }));
  assert.deepEqual(changes, ['not-installed']);
  mkdirSync(dirname(desk.file));
  await fake.advance(60_000);
  assert.deepEqual(changes, ['not-installed', 'missing']);
  await after(() => desk.connect());
  assert.deepEqual(changes, ['not-installed', 'missing', 'connected']);
});

test('Claude Desktop installed after our start is noticed within a minute', async (t) => {
  const { desk, watch, fake } = watched(t, { installed: false });
  const { changes } = watch();
  mkdirSync(dirname(desk.file), { recursive: true });
  await fake.advance(60_000);
  assert.deepEqual(changes, ['missing']);
});

test('connecting after an installation watches at once', async (t) => {
  const { desk, watch, after } = watched(t, { installed: false });
  const { changes } = watch();
  mkdirSync(dirname(desk.file), { recursive: true });
  desk.connect();
  await after(() => writeFileSync(desk.file, '{}'));
  assert.deepEqual(changes, ['missing']);
});

test('a memory that cannot be read while watching is logged and ends nothing', async (t) => {
  const { desk, watch, after } = watched(t, { content: '{}' });
  desk.connect();
  const { changes } = watch();
  const state = join(desk.kept, 'state.json');
  renameSync(state, `${state}.away`);
  mkdirSync(state);
  desk.hosts.watch(() => {})();
  assert.equal(desk.log.lines.at(-1), 'warn the hosts cannot be looked at');
  rmSync(state, { recursive: true });
  renameSync(`${state}.away`, state);
  await after(() => writeFileSync(desk.file, '{}'));
  assert.deepEqual(changes, ['missing']);
});

test('closing leaves no timer and nothing that keeps the process', async (t) => {
  const { desk, watch, noticed, fake } = watched(t, { content: '{}' });
  const open = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEvent').length;
  const before = open();
  const { changes, close } = watch();
  const saw = noticed(500);
  desk.connect();
  await saw;
  assert.equal(fake.waiting, 2);
  close();
  close();
  assert.equal(fake.waiting, 0);
  await fake.advance(120_000);
  assert.deepEqual(changes, []);
  assert.equal(open(), before);
});
