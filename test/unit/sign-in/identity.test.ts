import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { AuthorizationServerMetadata } from '@modelcontextprotocol/client';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { identify, type Identity } from '../../../src-main/gateway/sign-in/identity.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const issuer = 'https://login.test';
const clock = createFakeClock();
const now = Math.floor(clock.now() / 1_000);
const metadata = {
  issuer,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  userinfo_endpoint: `${issuer}/me`,
} as unknown as AuthorizationServerMetadata;
let own: Awaited<ReturnType<typeof generateKeyPair>>;
let foreign: typeof own;
/** Who was asked, and with which token. */
const asked: string[] = [];

before(async () => {
  [own, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
});

const token = (claims: JWTPayload, key = own): Promise<string> =>
  new SignJWT({ iss: issuer, aud: 'client', sub: 'u1', iat: now, exp: now + 60, nonce: 'n', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(key.privateKey);

async function who(
  idToken: string | undefined,
  more: { readonly info?: object; readonly metadata?: object; readonly scope?: string } = {},
): Promise<Identity | null> {
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k' };
  return identify({
    metadata: { ...metadata, ...more.metadata },
    idToken,
    clientId: 'client',
    nonce: 'n',
    accessToken: 'ACCESS',
    scope: more.scope ?? 'openid',
    clock,
    fetchFn: (url, init) => {
      asked.push(`${String(url)} ${new Headers(init?.headers).get('authorization') ?? '-'}`);
      const isKeys = String(url).endsWith('/keys');
      return Promise.resolve(Response.json(isKeys ? { keys: [jwk] } : (more.info ?? {})));
    },
  });
}

test('a signed id_token says who it is, and in which organization', async () => {
  assert.deepEqual(await who(await token({ email: 'a@x.test', tid: 'T' })), {
    subject: 'u1',
    tenant: 'T',
    name: 'a@x.test',
  });
  assert.deepEqual(await who(await token({ preferred_username: 'ann\u001b[31m\nSYSTEM' })), {
    subject: 'u1',
    tenant: null,
    name: 'ann [31m SYSTEM',
  });
});

test('one of another key, client, server or sign-in is none; clocks may be ten minutes apart', async () => {
  const wrong = [
    token({}, foreign),
    token({ aud: 'other' }),
    token({ iss: 'https://evil.test' }),
    token({ nonce: 'other' }),
    token({ exp: now - 660, iat: now - 720 }),
    Promise.resolve(`${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa('{"sub":"u1"}')}.`),
  ];
  for (const one of wrong) await assert.rejects(who(await one));
  assert.equal((await who(await token({ exp: now - 500, iat: now - 560 })))?.subject, 'u1');
  assert.equal((await who(await token({ iat: now + 500, exp: now + 560 })))?.subject, 'u1');
});

test('userinfo fills in a name for the same person only, and is asked at the issuer only', async () => {
  const bare = await token({});
  assert.equal((await who(bare, { info: { sub: 'u1', email: 'a@x.test' } }))?.name, 'a@x.test');
  assert.equal((await who(bare, { info: { sub: 'u2', email: 'b@x.test' } }))?.name, 'u1');
  assert.equal((await who(undefined, { info: { sub: 'u3' } }))?.subject, 'u3');
  asked.length = 0;
  const elsewhere = { userinfo_endpoint: 'https://evil.test/me' };
  assert.equal(await who(undefined, { info: { sub: 'u3' }, metadata: elsewhere }), null);
  assert.equal(await who(undefined, { info: { sub: 'u3' }, scope: 'tools' }), null);
  assert.deepEqual(asked, []);
});
