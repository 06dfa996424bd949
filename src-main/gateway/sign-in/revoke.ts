import { clientInformation, clientProof } from './client-proof.ts';
import type { Grant } from './grant.ts';
import type { Fetch } from './web.ts';

/** Tells the authorization server that a grant is no longer used (RFC 7009). Whether it cares is its own affair. */
export async function revoke(grant: Grant, fetchFn: Fetch): Promise<void> {
  if (grant.revocationEndpoint === null) return;
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  const form = new URLSearchParams({
    token: grant.refresh ?? grant.access,
    token_type_hint: grant.refresh === null ? 'access_token' : 'refresh_token',
  });
  const { client_id: id, client_secret: secret } = clientInformation(grant.client);
  const proof = await clientProof(grant.client, grant.issuer);
  if (proof) await proof(headers, form, grant.revocationEndpoint);
  else if (secret === undefined) form.set('client_id', id);
  else if (grant.client.method === 'client_secret_post') {
    form.set('client_id', id);
    form.set('client_secret', secret);
  } else
    headers.set(
      'authorization',
      `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
    );
  await fetchFn(grant.revocationEndpoint, { method: 'POST', redirect: 'manual', headers, body: form });
}
