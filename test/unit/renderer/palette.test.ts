import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHits, maxHits, soughtOf, type PaletteHit } from '../../../src-renderer/state/palette-hits.ts';
import type { AppState } from '../../../src-renderer/state/app-state.svelte.ts';
import { openWindow, profile, settled, status } from '../../helpers/window.ts';

const hit = (kind: 'profile' | 'tool', label: string, hint = ''): PaletteHit => ({
  kind,
  id: `${kind} ${label}`,
  label,
  hint,
  profile: label,
  env: 'prod',
});
const view = (label: string, also = ''): PaletteHit => ({
  kind: 'view',
  id: label,
  label,
  hint: '',
  also,
  icon: 'profiles',
});
const labels = (query: string, ...all: readonly PaletteHit[]): string[] =>
  findHits(query, all.map(soughtOf)).map(({ label }) => label);

test('what begins with what was typed comes first, then what holds it, then what is said of it', () => {
  const all = [
    view('Doctor', 'status'),
    hit('profile', 'sqlite:staging'),
    view('Status line'),
    view('A status'),
  ];
  assert.deepEqual(labels('sta', ...all), ['Status line', 'sqlite:staging', 'A status', 'Doctor']);
});

test('all words have to fit, in any order and any case', () => {
  const all = [
    hit('profile', 'supabase:prod', 'ops@acme.dev'),
    hit('profile', 'supabase:dev', 'dana@acme.dev'),
  ];
  assert.deepEqual(labels('OPS supa', ...all), ['supabase:prod']);
  assert.deepEqual(labels('ops dev supa nowhere', ...all), []);
});

test('tools come behind everything else, and not at all while nothing is typed', () => {
  const all = [hit('tool', 'prod_query'), hit('profile', 'sqlite:prod'), view('Products')];
  assert.deepEqual(labels('prod', ...all), ['Products', 'sqlite:prod', 'prod_query']);
  assert.deepEqual(labels('  ', ...all), ['sqlite:prod', 'Products']);
});

test('of 5,000 tools that fit 50 are shown', () => {
  const all = Array.from({ length: 5_000 }, (_, index) =>
    soughtOf(hit('tool', `supabase_prod_tool_number_${index}`, 'supabase:prod')),
  );
  assert.equal(findHits('tool', all).length, maxHits);
});

async function openPalette(t: Parameters<typeof openWindow>[0], answers: Record<string, unknown> = {}) {
  const opened = await openWindow(t, { 'tools.list': { tools: [], missing: [] }, ...answers });
  const { PaletteState } = await import('../../../src-renderer/state/palette-state.svelte.ts');
  const palette = new PaletteState(opened.app);
  palette.open();
  await settled();
  return { ...opened, palette };
}

const take = async (
  palette: Awaited<ReturnType<typeof openPalette>>['palette'],
  query: string,
): Promise<void> => {
  palette.query = query;
  assert.ok(palette.chosen, query);
  await palette.take(palette.chosen);
};

test('a profile is shown chosen, with the focus, whatever was looked for before', async (t) => {
  const { app, palette } = await openPalette(t);
  app.show('settings');
  app.profilesView.find = 'oracle';
  await take(palette, 'staging');
  assert.deepEqual(
    [app.view, app.profilesView.find, app.profilesView.selected, app.profilesView.wantsFocus, palette.isOpen],
    ['profiles', '', 'sqlite:staging', true, false],
  );
});

test('each profile and each tool is offered with its class', async (t) => {
  const tool = {
    name: 'sqlite_prod_query',
    profile: 'sqlite:prod',
    tool: 'query',
    description: '',
    tokens: 1,
  };
  const { palette } = await openPalette(t, {
    'profiles.list': [{ ...profile('prod'), env: 'prod' }, profile('staging')],
    'tools.list': { tools: [tool], missing: [] },
  });
  palette.query = 'sqlite';
  assert.deepEqual(
    palette.hits.map((one) => [one.kind, one.label, 'env' in one ? one.env : 'none']),
    [
      ['profile', 'sqlite:prod', 'prod'],
      ['profile', 'sqlite:staging', null],
      ['tool', 'sqlite_prod_query', 'prod'],
    ],
  );
});

test('it locks and unlocks, copies the address, and chooses a theme', async (t) => {
  const { app, asked, palette } = await openPalette(t, {
    'gateway.status': { ...status, http: 'http://127.0.0.1:8787' },
    'lock.engage': {},
    'app.copy': {},
  });
  const done = async (query: string): Promise<unknown> => {
    palette.open();
    asked.length = 0;
    await take(palette, query);
    return asked[0];
  };
  assert.deepEqual(await done('lock everything'), ['lock.engage', {}]);
  assert.deepEqual(await done('loopback'), ['app.copy', { text: 'http://127.0.0.1:8787/mcp' }]);
  assert.deepEqual(await done('dark'), ['settings.set', { theme: 'dark' }]);
  app.status.value = { ...status, lockedAt: 1 };
  palette.open();
  palette.query = 'unlock';
  assert.deepEqual(
    palette.hits.map(({ label }) => label),
    ['Unlock'],
  );
});

test('nothing in it answers a question', async (t) => {
  const { palette } = await openPalette(t);
  for (const query of ['allow', 'deny', 'approve']) {
    palette.query = query;
    assert.deepEqual(palette.hits, [], query);
  }
});

test('what could not be done is told where the palette was', async (t) => {
  const refused = Object.assign(new Error('the file is gone'), { name: 'FILE' });
  const { palette } = await openPalette(t, { 'app.openConfig': refused });
  await take(palette, 'config.toml');
  assert.equal(palette.problem?.message, 'the file is gone');
  palette.open();
  assert.equal(palette.problem, null);
});

test('a walk goes round, and begins anew with each letter', async (t) => {
  const { palette } = await openPalette(t);
  const last = palette.hits.length - 1;
  assert.equal(palette.walk('ArrowUp'), true);
  assert.equal(palette.index, last);
  palette.walk('ArrowDown');
  assert.equal(palette.index, 0);
  palette.walk('ArrowDown');
  palette.query = 's';
  assert.equal(palette.index, 0);
  assert.equal(palette.walk('Home'), false, 'Home belongs to the text');
});

test('a profile that was chosen at the tray is shown once', async (t) => {
  const wishing = { theme: 'system', autostart: false, view: 'profiles', wantsAdd: false };
  const { app, asked, push } = await openWindow(t, {
    'settings.get': { ...wishing, wantsProfile: 'sqlite:staging' },
  });
  assert.equal((app satisfies AppState).profilesView.selected, 'sqlite:staging');
  await push('settings');
  assert.deepEqual(
    asked.filter(([name]) => name === 'settings.set'),
    [['settings.set', { wantsAdd: false, wantsProfile: null }]],
  );
});
