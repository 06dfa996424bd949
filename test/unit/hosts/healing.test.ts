// Claude Desktop wipes its own file; what a person takes out stays out.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { createDesk, ours } from './support.ts';

const theirs = '{\n  "mcpServers": {\n    "fs": { "command": "x" }\n  },\n  "theme": "dark"\n}\n';
const second = 1_000;

/** A connected host that is watched. A look follows each minute, or as soon as `look` starts another watch. */
function watched(t: TestContext, content = theirs) {
  const clock = createFakeClock();
  const desk = createDesk(t, { content, clock });
  desk.connect();
  const changes: string[] = [];
  const look = (): void => {
    const close = desk.hosts.watch(() => changes.push(desk.status().state));
    t.after(close);
  };
  look();
  return {
    desk,
    clock,
    changes,
    look,
    repairs: () => desk.log.lines.filter((line) => line.endsWith('is back')),
  };
}

for (const [what, content] of [
  ['all servers', '{"theme":"dark"}'],
  ['the whole content', '{}'],
  ['the section’s content and a server it had', '{"mcpServers":{}}'],
  ['another server with ours', '{"mcpServers":{"new":{"command":"n"}}}'],
  ['every byte', ''],
] as const)
  test(`a host that drops ${what} gets our entry back within 10 s, with a copy of what was there`, async (t) => {
    verifies('NEW-023');
    const { desk, clock, look, repairs } = watched(t);
    writeFileSync(desk.file, content);
    look();
    assert.equal(desk.status().state, 'missing');
    await clock.advance(10 * second);
    const { state, repairedAt, backup } = desk.status();
    assert.equal(state, 'connected');
    assert.ok(repairedAt !== null && clock.now() - repairedAt <= 10 * second);
    assert.equal(readFileSync(backup ?? '', 'utf8'), content);
    assert.equal(repairs().length, 1);
    const { nucleus, ...others } = desk.hosts.servers()[0]?.entries ?? {};
    assert.deepEqual(nucleus, ours);
    assert.deepEqual(Object.keys(others), content.includes('new') ? ['new'] : []);
  });

test('a file that is gone is made again', async (t) => {
  const { desk, clock, look } = watched(t);
  rmSync(desk.file);
  look();
  await clock.advance(10 * second);
  assert.equal(desk.status().state, 'connected');
});

test('what only a person takes out is offered, not put back', async (t) => {
  const { desk, clock, look, repairs } = watched(t);
  writeFileSync(desk.file, theirs);
  look();
  await clock.advance(120 * second);
  const { state, consented, preview, repairedAt } = desk.status();
  assert.deepEqual([state, consented, repairedAt, repairs().length], ['missing', true, null, 0]);
  assert.match(preview, /nucleus/);
});

test('without consent, or after it was taken back, nothing is put back', async (t) => {
  const clock = createFakeClock();
  const desk = createDesk(t, { content: JSON.stringify({ mcpServers: { nucleus: ours, fs: {} } }), clock });
  t.after(desk.hosts.watch(() => {}));
  writeFileSync(desk.file, '{}');
  t.after(desk.hosts.watch(() => {}));
  await clock.advance(120 * second);
  assert.equal(desk.read(), '{}');
  desk.connect();
  desk.undo();
  t.after(desk.hosts.watch(() => {}));
  await clock.advance(120 * second);
  assert.equal(desk.read(), '{}');
});

test('a host that puts its servers back by itself is left to it', async (t) => {
  const { desk, clock, look, repairs } = watched(t);
  const before = desk.read();
  writeFileSync(desk.file, '{}');
  look();
  writeFileSync(desk.file, before);
  await clock.advance(10 * second);
  assert.deepEqual([desk.read(), repairs().length], [before, 0]);
});

test('a host that drops it again and again is not fought: three times in an hour, then only offered', async (t) => {
  verifies('NEW-023');
  const { desk, clock, look, repairs } = watched(t);
  const wipe = async (): Promise<string> => {
    writeFileSync(desk.file, '{}');
    look();
    await clock.advance(20 * second);
    return desk.status().state;
  };
  assert.deepEqual([await wipe(), await wipe(), await wipe()], ['connected', 'connected', 'connected']);
  assert.deepEqual([await wipe(), await wipe(), repairs().length], ['missing', 'missing', 3]);
  const gaveUp = desk.log.lines.filter((line) => /left so until you repair it/.test(line));
  assert.ok(gaveUp.length >= 1);
  await clock.advance(3_600 * second);
  assert.equal(await wipe(), 'connected');
});

test('the change is told, and what is remembered survives a restart', async (t) => {
  const { desk, clock, changes, look } = watched(t);
  const state = join(desk.kept, 'state.json');
  const memory = (): { seen: object; repairs: number[] } => JSON.parse(readFileSync(state, 'utf8'));
  assert.deepEqual(memory().seen, { [desk.file]: ['fs'] });
  writeFileSync(desk.file, '{}');
  look();
  await clock.advance(10 * second);
  assert.ok(changes.includes('connected'));
  assert.deepEqual([memory().seen, memory().repairs.length], [{ [desk.file]: [] }, 1]);
  const later = createDesk(t, { user: desk.user, clock });
  assert.equal(later.status().repairedAt, memory().repairs[0]);
});

test('undo after a repair leaves what the host had made of its file', async (t) => {
  const { desk, clock, look } = watched(t);
  writeFileSync(desk.file, '{"theme":"light"}');
  look();
  await clock.advance(10 * second);
  assert.deepEqual(desk.hosts.undo({ host: 'claude-desktop' }), [{ file: desk.file, how: 'restored' }]);
  assert.equal(desk.read(), '{"theme":"light"}');
});

test('what an earlier Nucleus remembered still counts', (t) => {
  const desk = createDesk(t, { content: theirs });
  desk.connect();
  const state = join(desk.kept, 'state.json');
  const { version, consentedAt, undo } = JSON.parse(readFileSync(state, 'utf8')) as {
    version: number;
    consentedAt: number;
    undo: Record<string, [{ replaced?: unknown }]>;
  };
  const [{ replaced: _none, ...former }] = undo[desk.file] ?? [{}];
  writeFileSync(state, JSON.stringify({ version, consentedAt, undo: { [desk.file]: former } }));
  assert.equal(desk.status().consented, true);
  desk.undo();
  assert.equal(desk.read(), theirs);
});
