import assert from 'node:assert/strict';
import test from 'node:test';
import { createLogLevels } from '../../../src-main/gateway/routing/log-levels.ts';
import { isAtLeast } from '../../../src-main/gateway/wire/log-level.ts';
import { createFakeLog, settled } from '../../helpers/fake-clock.ts';

function setUp(takes: readonly string[] = ['db:prod']) {
  const told: [string, unknown][] = [];
  const levels = createLogLevels({
    log: createFakeLog(),
    takesLevel: (profile) => takes.includes(profile),
    supervisor: () => ({
      async request(profile, _method, params) {
        told.push([profile, params?.['level']]);
        return { kind: 'made', body: { result: {} } };
      },
    }),
  });
  return { levels, told };
}

test('an upstream is asked for the most talkative level any client wants, once', async () => {
  const { levels, told } = setUp();
  const [quiet, loud] = [{}, {}];
  await levels.set(quiet, ['db:prod', 'db:mute'], 'error');
  await levels.set(loud, ['db:prod'], 'debug');
  await levels.set(quiet, ['db:prod'], 'warning');
  assert.deepEqual(told, [
    ['db:prod', 'error'],
    ['db:prod', 'debug'],
  ]);
  await levels.set(loud, ['db:prod'], null);
  await levels.set(quiet, ['db:prod'], 'warning');
  assert.deepEqual(told.at(-1), ['db:prod', 'warning']);
});

test('a server that restarts is told again, one that takes no level never', async () => {
  const { levels, told } = setUp();
  await levels.set({}, ['db:prod', 'db:mute'], 'info');
  levels.ready('db:prod');
  levels.ready('db:mute');
  await settled();
  assert.deepEqual(told, [
    ['db:prod', 'info'],
    ['db:prod', 'info'],
  ]);
});

test('a message is wanted when it is as severe as the level, or says nothing of it', () => {
  assert.deepEqual(
    ['emergency', 'warning', 'info', 'made up', undefined].map((level) => isAtLeast(level, 'warning')),
    [true, true, false, true, true],
  );
});
