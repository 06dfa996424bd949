import assert from 'node:assert/strict';
import test from 'node:test';
import { oldManifests } from '../../../src-main/gateway/doctor/old-manifests.ts';
import type { ConnectorSummary } from '../../../src-shared/model.ts';

test('a connector that is used and was checked long ago is told, and no other', () => {
  const connector = (name: string, kind: 'builtin' | 'custom', method: 'read' | 'live') =>
    ({
      name,
      kind,
      checked: { on: '2026-01-01', method, by: null, sources: [] },
    }) as unknown as ConnectorSummary;
  const connectors = [
    connector('linear', 'builtin', 'read'),
    connector('sqlite', 'builtin', 'live'),
    connector('mine', 'custom', 'read'),
    connector('unused', 'builtin', 'read'),
  ];
  const profiles = ['linear', 'sqlite', 'mine'].map((name) => ({ connector: name }));
  const on = (day: string): string[] => oldManifests(connectors, profiles, Date.parse(day));
  assert.deepEqual(on('2026-06-30'), []);
  assert.deepEqual(on('2026-07-01'), ['what Nucleus knows of linear was checked 181 days ago']);
});
