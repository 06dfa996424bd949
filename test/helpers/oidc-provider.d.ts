/** The part of oidc-provider that the tests use; it brings no types of its own. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export interface Configuration {
    readonly clients: readonly object[];
    readonly features: Readonly<Record<string, { readonly enabled: boolean }>>;
    readonly pkce: { required(): boolean };
    readonly scopes: readonly string[];
    findAccount(context: unknown, id: string): { accountId: string; claims(): { sub: string } };
    readonly cookies: { readonly keys: readonly string[] };
    readonly ttl: Readonly<Record<string, number>>;
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
  }
}
