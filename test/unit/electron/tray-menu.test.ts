import type { HostStatus } from '../../../src-shared/hosts.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import { trayFace, trayMenu, type TrayItem } from '../../../src-main/electron/tray-menu.ts';
import { approval, client, snapshot } from '../../fixtures/electron-parts/examples.ts';

const quiet = snapshot([
  ['sqlite', 'staging', false],
  ['sqlite', 'prod', true],
  ['github', 'work', true],
]);

test('a profile that needs sign-in is in the icon, the tooltip and the menu, below what waits', () => {
  const heard: string[] = [];
  const upstream = { tools: 0, pid: null, inFlight: 0, problem: null, oddities: 0 };
  const out = (...ids: string[]) => ({
    ...quiet,
    status: {
      ...quiet.status,
      upstreams: ids.map((profile) => ({ ...upstream, profile, state: 'signed-out' as const })),
    },
  });
  const menu = trayMenu(out('github:work'), actions(heard));
  entry(menu, 'Sign in: ◌ NO CLASS github:work…').click?.();
  assert.deepEqual(heard, ['signIn github:work']);
  assert.deepEqual(trayFace(out('github:work')), {
    state: 'sign-in',
    tooltip: 'Nucleus: ◌ NO CLASS github:work needs sign-in',
  });
  assert.equal(trayFace(out('github:work', 'github:home')).tooltip, 'Nucleus: 2 profiles need sign-in');
  assert.equal(trayFace({ ...out('github:work'), approvals: [approval('a1')] }).state, 'pending');
});

test('before the gateway answered there is what always works', () => {
  assert.deepEqual(labels(trayMenu(null, actions())), [
    'Starting',
    '-',
    'Add a profile…',
    'Open Nucleus',
    'Quit Nucleus',
  ]);
  assert.deepEqual(trayFace(null), { state: 'normal', tooltip: 'Nucleus: starting' });
});

test('profiles stand by connector, the default is chosen, and choosing another asks for it', () => {
  const heard: string[] = [];
  const profiles = quiet.profiles.map((one) =>
    one.id === 'sqlite:prod' ? { ...one, env: 'prod' as const, account: 'ops@acme.dev' } : one,
  );
  const menu = trayMenu({ ...quiet, profiles }, actions(heard));
  assert.deepEqual(labels(menu), [
    '3 profiles, no client',
    '-',
    'GitHub',
    'SQLite',
    '-',
    'Add a profile…',
    'Lock everything',
    'Open Nucleus',
    'Quit Nucleus',
  ]);
  const sqlite = entry(menu, 'SQLite').submenu ?? [];
  assert.deepEqual(
    sqlite.map(({ label, type, checked }) => ({ label, type, checked })),
    [
      { label: '■ PROD prod, ops@acme.dev', type: 'radio', checked: true },
      { label: '◌ NO CLASS staging', type: 'radio', checked: false },
      { label: undefined, type: 'separator', checked: undefined },
      { label: 'Actions for ■ PROD prod', type: undefined, checked: undefined },
      { label: 'Actions for ◌ NO CLASS staging', type: undefined, checked: undefined },
    ],
  );
  entry(sqlite, '◌ NO CLASS staging').click?.();
  assert.deepEqual(heard, ['useProfile sqlite:staging']);
});

test('each profile has its actions, and a sign-in where somebody signs in', () => {
  const heard: string[] = [];
  const profiles = quiet.profiles.map((one) =>
    one.id === 'sqlite:prod' ? { ...one, account: 'ops@acme.dev' } : one,
  );
  const sqlite = entry(trayMenu({ ...quiet, profiles }, actions(heard)), 'SQLite').submenu ?? [];
  const prod = entry(sqlite, 'Actions for ◌ NO CLASS prod').submenu ?? [];
  assert.deepEqual(labels(prod), ['Copy tool prefix', 'Sign in…', 'Open']);
  for (const { click } of prod) click?.();
  assert.deepEqual(heard, ['copy sqlite_prod_', 'signIn sqlite:prod', 'show sqlite:prod']);
  const staging = entry(sqlite, 'Actions for ◌ NO CLASS staging').submenu ?? [];
  assert.deepEqual(labels(staging), ['Copy tool prefix', 'Open']);
});

test('without a default nothing is marked, which a radio list could not say', () => {
  const menu = trayMenu(snapshot([['sqlite', 'prod', false]]), actions());
  const [only] = entry(menu, 'SQLite').submenu ?? [];
  assert.deepEqual([only?.type, only?.checked], ['checkbox', false]);
});

test('each waiting call can be reviewed and denied, never allowed', () => {
  const heard: string[] = [];
  const menu = trayMenu({ ...quiet, approvals: [approval('a1')] }, actions(heard));
  const call = entry(menu, '■ PROD sqlite:prod: query').submenu ?? [];
  assert.deepEqual(labels(call), ['Review…', 'Deny']);
  for (const { click } of call) click?.();
  assert.deepEqual(heard, ['open approvals', 'denyApproval a1']);
});

test('a question which account is meant says so, and names none', () => {
  const which = approval('a1', { kind: 'account', profile: 'sqlite', env: null });
  const [, , call] = trayMenu({ ...quiet, approvals: [which] }, actions());
  assert.equal(call?.label, 'sqlite: which account for query?');
});

test('everything is locked from the menu, and unlocked in the window only', () => {
  const heard: string[] = [];
  entry(trayMenu(quiet, actions(heard)), 'Lock everything').click?.();
  const locked = { ...quiet, status: { ...quiet.status, lockedAt: 1 }, approvals: [approval('a1')] };
  const menu = trayMenu(locked, actions(heard));
  entry(menu, 'Unlock…').click?.();
  assert.deepEqual(heard, ['lock', 'open']);
  assert.equal(labels(menu)[0], 'Everything is locked');
  assert.deepEqual(trayFace(locked), { state: 'locked', tooltip: 'Nucleus: everything is locked' });
});

test('a newer version is one quiet line that leads to the settings', () => {
  const heard: string[] = [];
  const menu = trayMenu({ ...quiet, newVersion: '1.2.3' }, actions(heard));
  assert.deepEqual(labels(menu).slice(-4), [
    'Lock everything',
    'Version 1.2.3 is there…',
    'Open Nucleus',
    'Quit Nucleus',
  ]);
  entry(menu, 'Version 1.2.3 is there…').click?.();
  assert.deepEqual(heard, ['open settings']);
  assert.equal(trayFace({ ...quiet, newVersion: '1.2.3' }).tooltip, trayFace(quiet).tooltip);
});

test('many waiting calls end in one line that opens the list', () => {
  const approvals = Array.from({ length: 11 }, (_, index) => approval(`a${index}`, { tool: `t${index}` }));
  const shown = labels(trayMenu({ ...quiet, approvals }, actions()));
  assert.deepEqual(shown.slice(9, 12), ['■ PROD sqlite:prod: t7', '3 more…', '-']);
});

test('a host that dropped our entry can be put right from here, one that never had it cannot', () => {
  const heard: string[] = [];
  const host: HostStatus = {
    host: 'claude-desktop',
    title: 'Claude Desktop',
    state: 'missing',
    file: '',
    consented: true,
    preview: '',
    backup: null,
    problem: null,
    others: [],
    duplicates: [],
    repairedAt: null,
  };
  const menu = trayMenu({ ...quiet, hosts: [host] }, actions(heard));
  entry(menu, 'Repair Claude Desktop…').click?.();
  assert.deepEqual(heard, ['open clients']);
  assert.deepEqual(
    trayMenu({ ...quiet, hosts: [{ ...host, consented: false }] }, actions()).length,
    menu.length - 2,
  );
});

test('names from outside cannot hide, break the line or make access keys', () => {
  const approvals = [approval('1', { tool: 'read & \u202ewrite\n' })];
  const [, , call] = trayMenu({ ...quiet, approvals }, actions());
  assert.equal(call?.label, '■ PROD sqlite:prod: read && [U+202E]write[U+000A]');
});

test('a profile whose connector has no manifest any more stays in reach', () => {
  const menu = trayMenu(snapshot([['gone', 'one', true]]), actions());
  assert.ok(entry(menu, 'gone').submenu);
});

test('icon and tooltip say how many calls wait, else what is there', () => {
  const clients = [client('a'), client('b')];
  const busy = { ...quiet, status: { ...quiet.status, clients } };
  assert.deepEqual(trayFace(busy), { state: 'normal', tooltip: 'Nucleus: 3 profiles, 2 clients' });
  assert.deepEqual(trayFace(snapshot([])).tooltip, 'Nucleus: No profiles yet, no client');
  assert.deepEqual(trayFace({ ...quiet, approvals: [approval('1')] }), {
    state: 'pending',
    tooltip: 'Nucleus: 1 approval waiting',
  });
  assert.equal(
    trayFace({ ...quiet, approvals: [approval('1'), approval('2')] }).tooltip,
    'Nucleus: 2 approvals waiting',
  );
});

function actions(heard: string[] = []) {
  const hear =
    (name: string) =>
    (argument = '') =>
      void heard.push(`${name} ${argument}`.trim());
  return {
    open: hear('open'),
    useProfile: hear('useProfile'),
    denyApproval: hear('denyApproval'),
    signIn: hear('signIn'),
    show: hear('show'),
    copy: hear('copy'),
    addProfile: hear('addProfile'),
    lock: hear('lock'),
    quit: hear('quit'),
  };
}

function labels(items: readonly TrayItem[]): string[] {
  return items.map(({ label, type }) => (type === 'separator' ? '-' : (label ?? '')));
}

function entry(items: readonly TrayItem[], label: string): TrayItem {
  const found = items.find((item) => item.label === label);
  assert.ok(found, `${label} among ${labels(items).join(', ')}`);
  return found;
}
