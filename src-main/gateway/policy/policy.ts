/** One call as policy sees it: who, on which account, which tool of the upstream. */
export interface Target {
  readonly principal: string;
  readonly profile: string;
  readonly connector: string;
  readonly alias: string;
  readonly kind: 'tool' | 'prompt' | 'resource';
  /** The upstream's own name, or a URI. */
  readonly name: string;
}

export type Decision = { readonly kind: 'allow' } | { readonly kind: 'deny'; readonly reason: string };

/** Decides before an upstream is touched. Rules come with policy.toml; without one everything is allowed. */
export interface Policy {
  decide(target: Target): Decision;
}

export const allowAll: Policy = { decide: () => ({ kind: 'allow' }) };

/** Counts calls before they are sent; throws when one is too many. The returned function gives the place back. */
export interface Limits {
  take(target: Target): () => void;
}

export const noLimits: Limits = { take: () => () => {} };
