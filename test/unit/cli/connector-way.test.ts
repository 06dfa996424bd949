import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseWay, otherWays } from '../../../src-main/cli/connector-way.ts';
import { createConnectors } from '../../../src-main/gateway/profiles/connectors.ts';

const connectors = createConnectors({
  builtinFolder: join(import.meta.dirname, '..', '..', '..', 'resources', 'connectors'),
  customFolder: null,
  log: { debug() {}, info() {}, warn() {}, error() {} },
});

test('the other ways to a service are named as flags, the chosen one is not', () => {
  const manifest = connectors.get('supabase') ?? assert.fail('no such connector');
  const supabase = connectors.summary(manifest);
  const others = (variant: string | null, auth: string | null): string[] =>
    otherWays(supabase, chooseWay(supabase, { variant, auth }, undefined));
  assert.deepEqual(others(null, null), ['--auth token', '--variant stdio', '--variant local']);
  assert.deepEqual(others(null, 'token'), ['--auth oauth', '--variant stdio', '--variant local']);
  assert.deepEqual(others('stdio', null), ['--variant local']);
});
