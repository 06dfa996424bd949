import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { answerRequest, fileOf } from '../../../src-main/electron/app-protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'nucleus-protocol-'));
const pages = join(folder, 'renderer');
mkdirSync(join(pages, 'assets'), { recursive: true });
writeFileSync(join(folder, 'secret.js'), 'secret');
writeFileSync(join(pages, 'index.html'), '<p>page</p>');
writeFileSync(join(pages, 'assets', 'main-Bq1.js'), 'code');
writeFileSync(join(pages, 'notes.txt'), 'not of ours');
after(() => rmSync(folder, { recursive: true }));

const get = (url: string, method = 'GET'): Promise<Response> =>
  answerRequest(new Request(url, { method }), pages);

test('the page and its files come with their types and the strict policy', async () => {
  const page = await get('app://nucleus/');
  assert.equal(page.status, 200);
  assert.equal(await page.text(), '<p>page</p>');
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(
    page.headers.get('content-security-policy'),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'none'; " +
      "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
      'trusted-types svelte-trusted-html',
  );
  const script = await get('app://nucleus/assets/main-Bq1.js?v=1#here');
  assert.equal(await script.text(), 'code');
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
});

for (const url of [
  'app://nucleus/../secret.js',
  'app://nucleus/..%2fsecret.js',
  'app://nucleus/%2e%2e/secret.js',
  'app://nucleus/assets/..%2f..%2fsecret.js',
  'app://nucleus/..%5csecret.js',
  'app://nucleus//etc/passwd.js',
  'app://nucleus/%00index.html',
  'app://nucleus/index.html%00.js',
  'app://nucleus/C:%5csecret.js',
  'app://nucleus/index.html::$DATA',
  'app://nucleus/%zz.js',
  'app://nucleus/.hidden.js',
  'app://nucleus/notes.txt',
  'app://nucleus/assets/',
  'app://nucleus/assets',
  'app://nucleus/missing.js',
  'app://other/index.html',
  'app://nucleus.evil/index.html',
  'app://nucleus:80/index.html',
])
  test(`nothing is at ${url}`, async () => {
    const answer = await get(url);
    assert.equal(answer.status, 404);
    assert.equal(await answer.text(), 'Not found');
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  });

test('a link out of the folder would have to be put there by the build', () => {
  symlinkSync(join(folder, 'secret.js'), join(pages, 'link.js'));
  assert.equal(fileOf('app://nucleus/link.js'), 'link.js');
});

test('only GET is answered', async () => {
  assert.equal((await get('app://nucleus/', 'POST')).status, 404);
});
