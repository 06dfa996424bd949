import assert from 'node:assert/strict';
import test from 'node:test';
import { examine, worstFirst, type Check } from '../../../src-main/gateway/doctor/examine.ts';
import { fail, ok, warn } from '../../../src-main/gateway/doctor/finding.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const { signal } = new AbortController();
const well: Check = { ids: ['well'], look: () => [ok('well', 'it is well')] };

test('a check that throws is a finding with its sentence and its way out, and hides no other', async () => {
  const checks: Check[] = [
    well,
    {
      ids: ['first', 'second'],
      look() {
        throw new NucleusError('REGISTRY_DAMAGED', 'registry.db is damaged');
      },
    },
    { ids: ['odd'], look: () => Promise.reject(new TypeError('undefined is no function')) },
    { ids: ['said'], look: () => Promise.reject(new NucleusError('POLICY_INVALID', 'it is wrong; edit it')) },
  ];
  const found = await examine(checks, { clock: createFakeClock(), limitMs: 3_000, signal });
  assert.deepEqual(
    found.map(({ check, level, message, fix }) => [check, level, message, fix]),
    [
      [
        'first',
        'fail',
        'registry.db is damaged',
        'put a backup in its place, or move it away and add the profiles again',
      ],
      [
        'odd',
        'fail',
        'undefined is no function',
        'run nucleus doctor with NUCLEUS_LOG=debug and report what it says',
      ],
      ['said', 'fail', 'it is wrong; edit it', 'edit it'],
      ['well', 'ok', 'it is well', null],
    ],
  );
});

test('a check that hangs is a warning when its time is over, and told to end', async () => {
  const clock = createFakeClock();
  let wasTold = false;
  const hangs: Check = {
    ids: ['hangs'],
    look: (over) =>
      new Promise(() => {
        over.addEventListener('abort', () => (wasTold = true));
      }),
  };
  const looking = examine([hangs, { ...hangs, ids: ['longer'], limitMs: 5_000 }, well], {
    clock,
    limitMs: 3_000,
    signal,
  });
  await clock.advance(3_000);
  assert.equal(wasTold, true);
  await clock.advance(2_000);
  assert.deepEqual(
    (await looking).map(({ check, level, message }) => [check, level, message]),
    [
      ['hangs', 'warn', 'the check "hangs" was not done after 3 s'],
      ['longer', 'warn', 'the check "longer" was not done after 5 s'],
      ['well', 'ok', 'it is well'],
    ],
  );
  assert.equal(clock.waiting, 0);
});

test('one check tells a hundred findings at most', async () => {
  const many: Check = {
    ids: ['many'],
    look: () => Array.from({ length: 150 }, (_, n) => warn('many', `file ${n}`, 'rm it')),
  };
  const found = await examine([many, well], { clock: createFakeClock(), limitMs: 3_000, signal });
  assert.equal(found.length, 101);
});

test('what is worst comes first, in the order of the looks, and nothing twice', () => {
  const findings = [ok('a', 'a'), warn('b', 'b', 'f'), fail('c', 'c', 'f'), warn('d', 'd', 'f')];
  assert.deepEqual(
    worstFirst([...findings, ...findings]).map(({ check }) => check),
    ['c', 'b', 'd', 'a'],
  );
});
