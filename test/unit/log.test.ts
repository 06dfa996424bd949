import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createLog, type LogSettings } from '../../src-main/gateway/log.ts';
import { logLevels } from '../../src-shared/log-levels.ts';
import { verifies } from '../helpers/requirements.ts';

function record(settings?: LogSettings): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog({ write: (line) => void lines.push(line), now: () => 0, settings }) };
}

test('a log line is one line whatever the values hold', () => {
  const { lines, log } = record();
  log.info('spawned child', { profile: 'a:b', pid: 7, why: 'it "was" asked\n\u001b[0m', none: undefined });
  log.info('written\n', { nothing: '', list: [1, 'b'] });
  assert.deepEqual(lines, [
    '1970-01-01T00:00:00.000Z info spawned child profile=a:b pid=7 why="it \\"was\\" asked\\n\\u001b[0m"\n',
    '1970-01-01T00:00:00.000Z info written\\u000a nothing="" list="[1,\\"b\\"]"\n',
  ]);
});

test('each level lets through itself and what is graver', () => {
  verifies('NEX-002');
  const written = Object.fromEntries(
    logLevels.map((level) => {
      const { lines, log } = record({ level, style: 'text' });
      for (const at of ['debug', 'info', 'warn', 'error'] as const) log[at]('x');
      return [level, lines.map((line) => line.split(' ')[1])];
    }),
  );
  assert.deepEqual(written, {
    off: [],
    error: ['error'],
    warn: ['warn', 'error'],
    info: ['info', 'warn', 'error'],
    debug: ['debug', 'info', 'warn', 'error'],
    trace: ['debug', 'info', 'warn', 'error'],
  });
});

test('the style json is one object per line, also for messages of several lines', () => {
  verifies('NEX-002');
  const { lines, log } = record({ level: 'info', style: 'json' });
  log.warn('one\ntwo\u2028three\u0085', { profile: 'a:b', pid: 7, list: ['x\n'], none: undefined, odd: 1n });
  log.error('bare');
  assert.equal(lines.join('').split(/[\n\r\u2028\u0085]/).length, 3);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      {
        ts: '1970-01-01T00:00:00.000Z',
        level: 'warn',
        msg: 'one\ntwo\u2028three\u0085',
        fields: { profile: 'a:b', pid: 7, list: ['x\n'], odd: '1' },
      },
      { ts: '1970-01-01T00:00:00.000Z', level: 'error', msg: 'bare' },
    ],
  );
});

test('a value that cannot be written as JSON does not break the log', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  for (const style of ['text', 'json'] as const) {
    const { lines, log } = record({ level: 'info', style });
    log.info('x', { circle, number: 2n, act: () => 1 });
    assert.equal(lines.length, 1);
  }
});

test('settings that come later hold from then on', () => {
  const { lines, log } = record();
  log.debug('early');
  log.set({ level: 'debug', style: 'json' });
  log.debug('late');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['late'],
  );
});

/** What is logged beside the message. A name that is new here says: no value of it can be, or hold, a secret. */
const fields =
  `address answer backup bytes calls client code connected connector electron error exitCode failures fields file files fix folder folders
  host http kind method name origin page pid profile profiles program question reason scheme shell slot socket stack tool tries url version`.split(
    /\s+/,
  );

test('only fields that hold no secret are logged', () => {
  const root = join(import.meta.dirname, '..', '..');
  const unknown = new Set<string>();
  let calls = 0;
  for (const file of globSync('src-main/**/*.ts', { cwd: root })) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const [, given = ''] of source.matchAll(
      /\blog\.(?:debug|info|warn|error)\([^;]*?,\s*\{([^{}]*)\}/g,
    )) {
      calls += 1;
      for (const [, name = ''] of given.matchAll(/(?:^|,)\s*(\w+)(?=\s*[:,]|\s*$)/g))
        if (!fields.includes(name)) unknown.add(`${file}: ${name}`);
    }
  }
  assert.ok(calls > 20, `found ${calls} calls`);
  assert.deepEqual([...unknown], []);
});
