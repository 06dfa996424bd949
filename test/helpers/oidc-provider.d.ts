/** The part of oidc-provider that the tests use; it brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  export interface Configuration {
    readonly clients: readonly object[];
    readonly features: Readonly<
      Record<string, { readonly enabled: boolean; readonly [option: string]: unknown }>
    >;
    readonly pkce: { required(): boolean; readonly methods?: readonly string[] };
    readonly scopes: readonly string[];
    findAccount(
      context: unknown,
      id: string,
    ): { accountId: string; claims(): { sub: string; email?: string } };
    readonly cookies: { readonly keys: readonly string[] };
    readonly ttl: Readonly<Record<string, number>>;
    readonly claims?: Readonly<Record<string, readonly string[]>>;
    readonly conformIdTokenClaims?: boolean;
    readonly rotateRefreshToken?: boolean;
    readonly clientAuthMethods?: readonly string[];
    fetch?(url: string, options: object): Promise<Response>;
    readonly interactions?: { url(context: unknown, interaction: { readonly uid: string }): string };
  }

  export interface GrantType {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{
      readonly params: Record<string, unknown>;
      readonly grantId?: string;
      readonly session?: { readonly accountId: string };
    }>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
    readonly Grant: {
      new (facts: { readonly accountId: string; readonly clientId: string }): GrantType;
      find(id: string): Promise<GrantType | undefined>;
    };
  }
}
