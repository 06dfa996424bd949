// Certificates: a bad one is told from the others, and nothing was sent to who showed it.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openHttpOrSse } from '../../../src-main/gateway/upstream/http-or-sse.ts';
import { certificates } from '../../fixtures/certificates.ts';
import { startHttpUpstream } from '../../fixtures/http-upstream.ts';
import { call, failure, greet, initialize, link } from './http-support.ts';

// For this process only, which runs this file only.
before(() => setDefaultCACertificates([...getCACertificates(), certificates.authority]));

test('a server with a good certificate is reached over TLS', async (t) => {
  const upstream = await startHttpUpstream({ tls: { key: certificates.key, cert: certificates.good } });
  t.after(() => upstream.close());
  const { connection } = link(t, upstream.url);
  await greet(connection);
  await call(connection, 'echo');
  assert.equal(upstream.received('tools/call').length, 1);
});

const bad = [
  [
    'expired',
    'certificate-expired',
    /has a certificate that expired \(CERT_HAS_EXPIRED\), so nothing was sent/,
  ],
  ['elsewhere', 'certificate-host', /has a certificate for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
  [
    'selfSigned',
    'certificate-untrusted',
    /has a certificate this machine does not trust \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
  ],
] as const;

for (const [name, detail, sentence] of bad)
  test(`a certificate that is ${name} is said to be, and the server hears nothing`, async (t) => {
    const upstream = await startHttpUpstream({ tls: { key: certificates.key, cert: certificates[name] } });
    t.after(() => upstream.close());
    const { connection } = link(t, upstream.url, (options) => openHttpOrSse(options, new Map()));
    const error = await failure(initialize(connection));
    assert.equal(error.code, 'UPSTREAM_TLS');
    assert.match(error.message, sentence);
    assert.deepEqual([error.data['detail'], error.data['outcome']], [detail, 'not-run']);
    assert.deepEqual(upstream.requests, []);
  });

test('a server without TLS behind an https address is said as such', async (t) => {
  const upstream = await startHttpUpstream();
  t.after(() => upstream.close());
  const { connection } = link(t, upstream.url.replace('http:', 'https:'));
  const error = await failure(initialize(connection));
  assert.deepEqual([error.code, error.data['detail']], ['UPSTREAM_TLS', 'tls']);
});
