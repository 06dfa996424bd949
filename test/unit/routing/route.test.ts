import assert from 'node:assert/strict';
import test from 'node:test';
import { exposedUri, parseExposedUri, type Binding } from '../../../src-main/gateway/routing/route.ts';

const binding: Binding = { profile: 'db:prod', connector: 'db', alias: 'prod', metadata: {} };

test('a resource is exposed below its connector and alias, as it is', () => {
  assert.equal(exposedUri(binding, 'file:///a%20b/ü?q=1#f'), 'nucleus://db/prod/file:///a%20b/ü?q=1#f');
});

test('an exposed URI leads back to the very same one', () => {
  for (const uri of [
    'x:y',
    'file:///a%20b',
    'a/b/c',
    '100%',
    '%',
    '🙂',
    'nucleus://db/prod/x',
    '../..',
    '{',
    '}',
    '}{',
  ])
    assert.deepEqual(parseExposedUri(exposedUri(binding, uri)), { connector: 'db', alias: 'prod', uri }, uri);
});

test('a connector whose name is no plain word is found again', () => {
  const odd = { ...binding, connector: 'github.com/acme/My Server?', alias: 'default' };
  const exposed = exposedUri(odd, 'x:y');
  assert.equal(exposed, 'nucleus://github.com%2Facme%2FMy%20Server%3F/default/x:y');
  assert.deepEqual(parseExposedUri(exposed), { connector: odd.connector, alias: 'default', uri: 'x:y' });
});

test('a filled-in template leads to the upstream address it stands for', () => {
  const template = exposedUri(binding, 'file:///{dir}/{name}.txt');
  const filled = template.replace('{dir}', 'notes').replace('{name}', 'today');
  assert.equal(parseExposedUri(filled)?.uri, 'file:///notes/today.txt');
});

test('what a client percent-encoded into a template stays encoded', () => {
  const template = exposedUri(binding, 'file:///{name}');
  assert.equal(parseExposedUri(template.replace('{name}', 'a%2Fb'))?.uri, 'file:///a%2Fb');
});

test('any other URI is not one of ours', () => {
  for (const uri of [
    'file:///x',
    'nucleus:db/prod/x',
    'nucleus://',
    'nucleus://db',
    'nucleus://db/prod',
    'nucleus:///prod/x',
    'nucleus://db//x',
    'nucleus://db/prod/',
    'nucleus://%/prod/x',
    'NUCLEUS://db/prod/x',
  ])
    assert.equal(parseExposedUri(uri), null, uri);
});
