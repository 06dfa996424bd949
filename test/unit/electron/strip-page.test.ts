import assert from 'node:assert/strict';
import test from 'node:test';
import { setStripText, stripPage } from '../../../src-main/electron/strip/strip-page.ts';

test('the strip has no script, loads nothing, and quotes the profile', () => {
  const page = decodeURIComponent(stripPage('a:<script>"&', true));
  assert.ok(page.includes('<h1>a:&lt;script>&quot;&amp;</h1>'));
  assert.match(
    page,
    /default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action nucleus-strip:; base-uri 'none'/,
  );
  assert.doesNotMatch(page, /<script|https?:|url\(/);
});

test('the browser is offered only where the page may go on there', () => {
  const offers = (may: boolean) =>
    decodeURIComponent(stripPage('a:b', may)).includes('Use my browser instead');
  assert.deepEqual([offers(true), offers(false)], [true, false]);
});

test('an address is set as text', () => {
  const program = setStripText({
    scheme: 'https://',
    subdomain: "');alert(1)//.",
    domain: 'example.com',
    port: '',
    note: '',
  });
  assert.ok(program.includes(JSON.stringify("');alert(1)//.")));
  assert.doesNotMatch(program, /innerHTML/);
});
