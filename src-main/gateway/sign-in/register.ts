import type { AuthorizationServerMetadata } from '@modelcontextprotocol/client';
import { NucleusError } from '../../../src-shared/errors.ts';
import { signInFailed } from './errors.ts';
import type { SignInClient } from './grant.ts';
import type { Fetch } from './web.ts';

/**
 * Who we are at an authorization server: the client a person gave, else the address of our own metadata where it is
 * configured and taken (CIMD), else registered there and then (RFC 7591) as a native app. Else a person has to say.
 */
export async function chooseClient(options: {
  readonly profile: string;
  readonly metadata: AuthorizationServerMetadata;
  readonly redirectUri: string;
  readonly scope: string | null;
  readonly given: SignInClient | null;
  readonly documentUrl: string | null;
  readonly fetchFn: Fetch;
}): Promise<SignInClient> {
  const { profile, metadata, documentUrl, given } = options;
  if (given) return given;
  if (documentUrl !== null && 'client_id_metadata_document_supported' in metadata)
    if (metadata.client_id_metadata_document_supported === true) return { id: documentUrl, from: 'document' };
  const host = new URL(metadata.issuer).host;
  if (metadata.registration_endpoint === undefined)
    throw new NucleusError(
      'CLIENT_ID_REQUIRED',
      `${host} registers no apps by itself: make an OAuth app there with the redirect address http://127.0.0.1/callback, ` +
        `then run nucleus sign-in ${profile} --client-id ID`,
      { profile },
    );
  const sdk = await import('@modelcontextprotocol/client');
  try {
    // Some check the scope when they register, some want none there.
    return await register(options, options.scope).catch((error: unknown) => {
      const isAboutScope = error instanceof sdk.RegistrationRejectedError && error.status === 400;
      if (isAboutScope && options.scope !== null) return register(options, null);
      throw error;
    });
  } catch (error) {
    if (error instanceof sdk.RegistrationRejectedError)
      throw signInFailed(
        profile,
        `${host} did not register Nucleus (HTTP ${error.status}); it may take known apps only`,
      );
    throw error;
  }
}

async function register(
  { metadata, redirectUri, fetchFn }: Parameters<typeof chooseClient>[0],
  scope: string | null,
): Promise<SignInClient> {
  const sdk = await import('@modelcontextprotocol/client');
  const {
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: method,
  } = await sdk.registerClient(metadata.issuer, {
    metadata,
    clientMetadata: {
      client_name: 'Nucleus',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      token_endpoint_auth_method: methodFor(metadata),
    },
    ...(scope !== null && { scope }),
    fetchFn,
  });
  return {
    id,
    ...(secret !== undefined && { secret }),
    ...(method !== undefined && { method }),
    from: 'registered',
  };
}

/** A native app keeps no secret (RFC 8252, section 8.4), unless the server knows no client without one. */
function methodFor({ token_endpoint_auth_methods_supported: methods }: AuthorizationServerMetadata): string {
  if (!methods || methods.includes('none')) return 'none';
  return methods.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post';
}
