import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../src-shared/doctor.ts';
import type { DoctorRow } from '../../../src-renderer/state/doctor-words.ts';
import { openWindow as open, settled } from '../../helpers/window.ts';

const finding = (check: string, level: Finding['level'], more: Partial<Finding> = {}): Finding => ({
  check,
  level,
  subject: null,
  message: `${check} is ${level}`,
  fix: level === 'ok' ? null : 'nucleus doctor --fix',
  isFixable: level !== 'ok',
  ...more,
});
const home = finding('home-mode', 'fail');
const policy = finding('policy', 'warn');
const entry = finding('client-entry', 'fail', { subject: 'cursor' });
const runtime = finding('runtime', 'ok');
const drawn = (rows: readonly DoctorRow[]): unknown[] =>
  rows.map(({ finding: { check }, isFixed }) => (isFixed ? `${check}, fixed` : check));

test('what is wrong comes worst first, and what is fine stands behind one line', async (t) => {
  const { app } = await open(t, { 'doctor.run': [runtime, policy, home, entry] });
  await app.doctorView.look.refresh();
  assert.deepEqual(drawn(app.doctorView.rows), ['home-mode', 'client-entry', 'policy']);
  assert.deepEqual(
    app.doctorView.passed.map(({ check }) => check),
    ['runtime'],
  );
});

test('what was mended stays in its place until somebody looks again', async (t) => {
  let found = [home, entry, policy];
  const { app, asked } = await open(t, {
    'doctor.run': () => found,
    'doctor.fix': () => ((found = [finding('home-mode', 'ok'), entry, policy]), { finding: found[0] }),
  });
  const view = app.doctorView;
  await view.look.refresh();
  await view.fix(home);
  assert.deepEqual(
    asked.find(([name]) => name === 'doctor.fix'),
    ['doctor.fix', { check: 'home-mode', subject: null }],
  );
  assert.deepEqual(drawn(view.rows), ['home-mode, fixed', 'client-entry', 'policy']);
  assert.deepEqual([view.passed, view.fixing], [[], null]);
  assert.equal(app.said, 'Who may read the state folder is fixed.');
  await view.again();
  assert.deepEqual(drawn(view.rows), ['client-entry', 'policy']);
  assert.equal(view.passed.length, 1);
});

test('what could not be mended says so and keeps its button', async (t) => {
  const { app } = await open(t, { 'doctor.run': [home], 'doctor.fix': { finding: home } });
  await app.doctorView.look.refresh();
  await app.doctorView.fix(home);
  assert.deepEqual(drawn(app.doctorView.rows), ['home-mode']);
  assert.equal(app.said, 'Who may read the state folder could not be fixed by itself.');
});

test('what was mended and breaks again is wrong again', async (t) => {
  let found: Finding[] = [home];
  const { app } = await open(t, {
    'doctor.run': () => found,
    'doctor.fix': () => ((found = []), { finding: null }),
  });
  const view = app.doctorView;
  await view.look.refresh();
  await view.fix(home);
  assert.deepEqual(drawn(view.rows), ['home-mode, fixed']);
  found = [home];
  await view.factsChanged('other');
  assert.deepEqual(drawn(view.rows), ['home-mode']);
});

test('what only reaching the servers showed is kept by a look that does not reach them', async (t) => {
  const reach = finding('reach', 'fail', { subject: 'notes:home' });
  const { app, asked } = await open(t, {
    'doctor.run': (input: unknown) => ((input as { probe: boolean }).probe ? [home, reach] : [home]),
  });
  const view = app.doctorView;
  await view.look.refresh();
  await view.reach();
  assert.deepEqual(asked.at(-1), ['doctor.run', { probe: true }]);
  await view.factsChanged('other');
  assert.deepEqual(drawn(view.rows), ['home-mode', 'reach']);
  await view.again();
  assert.deepEqual(drawn(view.rows), ['home-mode']);
});

test('who leaves waits for no server, and a late answer changes nothing', async (t) => {
  const late = Promise.withResolvers<Finding[]>();
  const { app } = await open(t, {
    'doctor.run': (input: unknown) => ((input as { probe: boolean }).probe ? late.promise : []),
  });
  const view = app.doctorView;
  await view.look.refresh();
  const reaching = view.reach();
  assert.equal(view.isReaching, true);
  view.leave();
  assert.equal(view.isReaching, false);
  late.resolve([home]);
  await reaching;
  assert.deepEqual([drawn(view.rows), view.problem], [[], null]);
});

test('the view looks again when something changes, while it is looked at', async (t) => {
  const { app, asked, push } = await open(t, { 'doctor.run': [] });
  await push('policy');
  assert.equal(asked.filter(([name]) => name === 'doctor.run').length, 0);
  app.show('doctor');
  await push('policy');
  await settled();
  assert.equal(asked.filter(([name]) => name === 'doctor.run').length, 1);
});

test('commands in a way out stand apart, and prose does not', async () => {
  const { fixParts } = await import('../../../src-renderer/state/doctor-words.ts');
  const commandsIn = (fix: string): string[] =>
    fixParts(fix)
      .filter(({ isCommand }) => isCommand)
      .map((part) => part.text);
  assert.deepEqual(commandsIn('chmod 700 /home/dana/.nucleusmcp'), ['chmod 700 /home/dana/.nucleusmcp']);
  assert.deepEqual(commandsIn('chmod go-w /srv, or point NUCLEUS_HOME elsewhere'), ['chmod go-w /srv']);
  assert.deepEqual(commandsIn('move it away: mv /a.db /a.db.old'), ['mv /a.db /a.db.old']);
  assert.deepEqual(commandsIn('nucleus stop, then nucleus start'), ['nucleus stop', 'nucleus start']);
  assert.deepEqual(commandsIn('nucleus list shows them'), ['nucleus list']);
  assert.deepEqual(commandsIn('nucleus sign-in supabase:prod'), ['nucleus sign-in supabase:prod']);
  assert.deepEqual(commandsIn('mend /x, then: nucleus install cursor'), ['nucleus install cursor']);
  assert.deepEqual(commandsIn('run `npx -y x@1` to see'), ['npx -y x@1']);
  assert.deepEqual(commandsIn('update Nucleus; while it works, nothing has to be done'), []);
  const fix = 'run `npx x`, or nucleus doctor --fix, which is safe.';
  assert.equal(
    fixParts(fix)
      .map((part) => part.text)
      .join(''),
    fix.replaceAll('`', ''),
  );
});

test('the report is what was read: everything, worst first, with the version', async (t) => {
  const { app } = await open(t, { 'doctor.run': [runtime, policy, entry] });
  const view = app.doctorView;
  await view.look.refresh();
  view.toggleReport();
  assert.equal(
    view.report,
    [
      'Nucleus 0.1.0, 1970-01-01 00:00 UTC',
      '[fail] client-entry cursor: client-entry is fail.',
      '       fix: nucleus doctor --fix',
      '[warn] policy: policy is warn.',
      '       fix: nucleus doctor --fix',
      '[ ok ] runtime: runtime is ok.',
    ].join('\n'),
  );
  view.toggleReport();
  assert.equal(view.report, null);
});
