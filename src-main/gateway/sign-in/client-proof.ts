import type { AddClientAuthentication } from '@modelcontextprotocol/client';
import type { SignInClient } from './grant.ts';

/** How a client proves at the token endpoint who it is; undefined where the SDK's own choice is right. */
export async function clientProof(
  client: SignInClient,
  issuer: string,
): Promise<AddClientAuthentication | undefined> {
  if (client.key === undefined) return undefined;
  const { createPrivateKeyJwtAuth } = await import('@modelcontextprotocol/client');
  return createPrivateKeyJwtAuth({
    issuer: client.id,
    subject: client.id,
    privateKey: client.key,
    alg: await algorithmOf(client.key),
    audience: issuer,
  });
}

async function algorithmOf(pem: string): Promise<string> {
  const { createPrivateKey } = await import('node:crypto');
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
  if (asymmetricKeyType === 'ec')
    return (
      { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }[
        asymmetricKeyDetails?.namedCurve ?? ''
      ] ?? 'ES256'
    );
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'RS256';
}

/** The client as the SDK knows it. */
export function clientInformation(client: SignInClient): {
  client_id: string;
  client_secret?: string;
  token_endpoint_auth_method?: string;
} {
  return {
    client_id: client.id,
    ...(client.secret !== undefined && { client_secret: client.secret }),
    ...(client.method !== undefined && { token_endpoint_auth_method: client.method }),
  };
}
