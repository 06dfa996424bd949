import { discover } from './discover.ts';
import { signInFailed } from './errors.ts';
import { grantOf, type FlowOptions, type SignedIn } from './flow.ts';
import { joinScopes } from './challenge.ts';
import { renew } from './refresh.ts';
import { createSignInFetch } from './web.ts';

/** Signs in as a program, with nothing but what a person gave (OAuth client credentials, RFC 6749, section 4.4). */
export async function signInMachine(options: Omit<FlowOptions, 'onWaiting'>): Promise<SignedIn> {
  const { profile, server, clock, signal } = options;
  const fetchFn = createSignInFetch({ clock, server, signal });
  const found = await discover(profile, server, options.challenge, fetchFn, { isMachine: true });
  const place = { ...found, resource: options.resource ?? found.resource };
  const client = options.given?.(place.metadata.issuer) ?? null;
  if (!client || (client.secret === undefined && client.key === undefined))
    throw signInFailed(profile, 'signing in as a program takes --client-id and a secret or a key');
  const scope = joinScopes(place.scope, options.scope);
  const renewal = await renew({ ...grantOf(place, client, 'machine'), scope }, clock);
  if (renewal.kind !== 'renewed') {
    const why = renewal.kind === 'refused' ? renewal.code : 'nothing that can be used';
    throw signInFailed(profile, `${new URL(place.metadata.issuer).host} answered ${why}`);
  }
  return { grant: renewal.grant, identity: null, asked: scope };
}
