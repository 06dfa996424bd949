import assert from 'node:assert/strict';
import test from 'node:test';
import type { Profile } from '../../../src-shared/model.ts';
import type { WorkspaceConnector } from '../../../src-shared/workspace.ts';
import { resolveWorkspace, type Hints } from '../../../src-main/gateway/routing/workspace.ts';
import { verifies } from '../../helpers/requirements.ts';
import { profile } from '../storage/support.ts';

const path = '/r/.mcp-profiles.toml';
const nothing: Hints = { file: null, detected: [] };
const saying = (...connectors: WorkspaceConnector[]): Hints => ({ file: { path, connectors }, detected: [] });
const bind = (id: string, alias = id.split(':')[1] ?? '', note: string | null = null) => ({
  profile: id,
  alias,
  note,
});
const bound = (...bindings: ReturnType<typeof bind>[]): WorkspaceConnector => ({
  kind: 'bound',
  connector: 'db',
  bindings,
});
const detected = (value: string): Hints['detected'][number] => ({
  connector: 'db',
  file: '/r/db.toml',
  field: 'ref',
  value,
  reason: null,
});

const a = profile('db:a', { metadata: { ref: 'one' } });
const b = profile('db:b', { metadata: { ref: 'two' } });
const c = profile('db:c', { metadata: { ref: 'two' } });
const defaultB = { ...b, isDefault: true };

/** `source: alias=profile*` of connector db, `*` for the one that is meant. */
function outcome(hints: Hints, profiles: readonly Profile[]): string {
  const found = resolveWorkspace(hints, profiles).connectors.find(({ connector }) => connector === 'db');
  const bindings = found?.bindings.map(
    ({ alias, profile: id, isDefault }) => `${alias}=${id}${isDefault ? '*' : ''}`,
  );
  return `${found?.source}: ${bindings?.join(' ')}`;
}

test('the first rule that fits says which account is meant', () => {
  verifies('NUC-044');
  const all = [a, defaultB, c];
  assert.equal(
    outcome({ ...saying(bound(bind('db:c', 'x'), bind('db:a'))), detected: [detected('two')] }, all),
    'explicit: x=db:c* a=db:a',
  );
  assert.equal(
    outcome({ file: null, detected: [detected('one')] }, all),
    'autodetect: a=db:a* b=db:b c=db:c',
  );
  assert.equal(outcome(nothing, [a]), 'only_one: a=db:a');
  assert.equal(outcome(nothing, [a, defaultB, c]), 'default: b=db:b* a=db:a c=db:c');
  assert.equal(outcome(nothing, [a, b]), 'all: a=db:a b=db:b');
  const [found] = resolveWorkspace({ file: null, detected: [detected('one')] }, all).connectors;
  assert.equal(found?.hint, 'ref = one in /r/db.toml');
});

test('connectors come by name, those without a profile not at all', () => {
  const { connectors } = resolveWorkspace(nothing, [profile('mail:me'), a]);
  assert.deepEqual(
    connectors.map(({ connector }) => connector),
    ['db', 'mail'],
  );
});

test('a default hides nobody unless it is pinned', () => {
  verifies('NUC-045');
  const pinned = saying({ kind: 'pinned', connector: 'db' });
  assert.equal(outcome(nothing, [a, defaultB]), 'default: b=db:b* a=db:a');
  assert.equal(outcome(pinned, [a, defaultB]), 'default: b=db:b*');
  assert.equal(outcome({ ...pinned, detected: [detected('one')] }, [a, defaultB]), 'autodetect: a=db:a*');
  assert.equal(outcome(pinned, [a, b]), 'all: a=db:a b=db:b');
  assert.match(
    resolveWorkspace(pinned, [a, b]).problems[0]?.message ?? '',
    /pins db, and nothing says which/,
  );
});

test('a binding of an unknown profile is told, the others of its connector load', () => {
  verifies('NUC-046');
  const hints = saying(bound(bind('db:gone'), bind('db:a', 'x')));
  assert.equal(outcome(hints, [a, b]), 'explicit: x=db:a*');
  assert.deepEqual(
    resolveWorkspace(hints, [a, b]).problems.map(({ message }) => message),
    [`binding in ${path} names unknown profile "db:gone"`],
  );
  // Where no line is right, nobody knows which account was meant: none is shown instead of all.
  assert.equal(outcome(saying(bound(bind('db:gone'))), [a, b]), 'explicit: ');
  assert.equal(outcome(saying(bound()), [a, b]), 'explicit: ');
});

test('what is detected picks the first by name, and falls through where it fits nobody', () => {
  verifies('NUC-047');
  assert.equal(
    outcome({ file: null, detected: [detected('two')] }, [c, b, a]),
    'autodetect: b=db:b* c=db:c a=db:a',
  );
  assert.equal(outcome({ file: null, detected: [detected('three')] }, [a, b]), 'all: a=db:a b=db:b');
  assert.equal(
    outcome({ file: null, detected: [detected('three')] }, [a, defaultB]),
    'default: b=db:b* a=db:a',
  );
  assert.equal(
    outcome({ file: null, detected: [{ ...detected('x'), field: 'constructor' }] }, [a, b]),
    'all: a=db:a b=db:b',
  );
});

test('a section of a connector without profiles is told', () => {
  const { problems } = resolveWorkspace(saying({ kind: 'pinned', connector: 'gateway' }), [a]);
  assert.deepEqual(
    problems.map(({ connector, message }) => [connector, message]),
    [['gateway', `${path} names connector "gateway", of which there is no profile`]],
  );
});
