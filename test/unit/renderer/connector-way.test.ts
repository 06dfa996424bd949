import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConnectors } from '../../../src-main/gateway/profiles/connectors.ts';
import {
  chosenWay,
  fieldsOf,
  insteadOf,
  needsClient,
  noteOf,
  waysOf,
} from '../../../src-renderer/state/connector-way.ts';
import type { ConnectorSummary } from '../../../src-shared/model.ts';

const connectors = createConnectors({
  builtinFolder: join(import.meta.dirname, '..', '..', '..', 'resources', 'connectors'),
  customFolder: null,
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const shipped = connectors.list().map((manifest) => connectors.summary(manifest));
const named = (name: string): ConnectorSummary =>
  shipped.find((one) => one.name === name) ?? assert.fail(`no connector ${name}`);

test('a service that lets in known clients only, or wants an app of one’s own, is told with its token', () => {
  const github = chosenWay(named('github'), { variant: null, auth: 'oauth' });
  assert.equal(github.method?.group, 'own-app');
  assert.equal(needsClient(github.method), true);
  assert.equal(insteadOf(github.way, github.method)?.method, 'token');
  const supabase = chosenWay(named('supabase'), { variant: null, auth: null });
  assert.equal(insteadOf(supabase.way, supabase.method), null);
  assert.equal(needsClient(supabase.method), false);
});

test('secrets and fields are those of the chosen way', () => {
  const supabase = named('supabase');
  assert.deepEqual(chosenWay(supabase, { variant: null, auth: null }).secrets, []);
  assert.deepEqual(chosenWay(supabase, { variant: null, auth: 'token' }).secrets, ['token']);
  assert.deepEqual(chosenWay(supabase, { variant: 'stdio', auth: null }).secrets, ['token']);
  const keys = (known: object): string[] => fieldsOf(supabase, { ...known }).map(({ key }) => key);
  assert.deepEqual(keys({}), ['features']);
  assert.deepEqual(keys({ project_id: {} }), ['project_id', 'features']);
});

test('the ways to a service are told by where they lead', () => {
  assert.deepEqual(waysOf(named('supabase')), [
    { value: '', label: 'mcp.supabase.com' },
    { value: 'stdio', label: 'stdio: a program on this computer' },
    { value: 'local', label: 'local: localhost:54321' },
  ]);
  assert.ok(waysOf(named('github')).some(({ label }) => label === 'ghe: copilot-api.<subdomain>.ghe.com'));
  assert.deepEqual(waysOf({ ...named('supabase'), variants: {} }), []);
});

test('no flag of the command line is left in what the form says', () => {
  assert.equal(noteOf('A Grafana of your own: --variant own.'), 'A Grafana of your own: server "own".');
  for (const { name, note, methods, variants } of shipped)
    for (const words of [
      note ?? '',
      ...[methods, ...Object.values(variants).map((way) => way.methods)].flat().map((one) => one.note),
    ])
      assert.doesNotMatch(noteOf(words), /--[a-z]/, `${name}: ${words}`);
});
