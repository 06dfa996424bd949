/** How a server turned a request down. */
export interface Refusal {
  readonly status: number;
  /** Its `WWW-Authenticate` header. */
  readonly challenge: string | undefined;
  /** The `Authorization` header it got. */
  readonly sent: string | null;
  /** The same request was turned down before, with another token. */
  readonly isSecond: boolean;
}

/** The `Authorization` header of the requests to one server, which changes over time. */
export interface Authorization {
  /** As it is now: null where none is needed, undefined where it first has to be waited for. */
  current(): string | null | undefined;
  /** Waits until there is one that is good; rejects with SIGN_IN_REQUIRED where only a person can bring it. */
  fresh(): Promise<string | null>;
  /** Whether somebody has to see to a refusal, so that it says nothing about the request. */
  concerns(status: number, challenge: string | undefined): boolean;
  /** Resolves when the request is worth another try; rejects with what is to be said about it. */
  refused(refusal: Refusal): Promise<void>;
  /** What must not be repeated in a sentence. */
  secrets(): readonly string[];
}

/** Header name and value in turn, as far as it is known without waiting. */
export function authorizationHeader(authorization: Authorization | undefined): string[] {
  const value = authorization?.current();
  return value === undefined || value === null ? [] : ['authorization', value];
}
