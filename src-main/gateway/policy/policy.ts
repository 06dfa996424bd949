import { matchesGlob } from '../../../src-shared/glob.ts';

/** One call as policy sees it: who, on which account, which tool of the upstream. */
export interface Target {
  readonly principal: string;
  readonly profile: string;
  readonly connector: string;
  readonly alias: string;
  readonly kind: 'tool' | 'prompt' | 'resource' | 'other';
  /** The upstream's own name, a URI, or of another kind of call its method. */
  readonly name: string;
}

export type Decision =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny'; readonly reason: string }
  /** A person has to say yes. */
  | { readonly kind: 'approve'; readonly reason: string };

/** Decides before an upstream is touched. */
export interface Policy {
  decide(target: Target): Decision;
}

/**
 * The rule there is before policy.toml: tools named by `approval.ask_for` in config.toml need a person's yes, all else
 * is allowed. Patterns are `<profile id>/<tool>` with `*`.
 */
export function createPolicy(askFor: readonly string[]): Policy {
  return {
    decide({ kind, profile, name }) {
      const pattern =
        kind === 'tool'
          ? askFor.find((candidate) => matchesGlob(candidate, `${profile}/${name}`))
          : undefined;
      return pattern === undefined
        ? { kind: 'allow' }
        : {
            kind: 'approve',
            reason: `config.toml asks for a person's yes: approval.ask_for has "${pattern}".`,
          };
    },
  };
}

/** Whether a profile under another id is still asked about wherever it is now: a new name must not be a way around. */
export function keepsRules(askFor: readonly string[], from: string, to: string): boolean {
  const names = (pattern: string, id: string): boolean => matchesGlob(pattern.split('/')[0] ?? '', id);
  return askFor.every((pattern) => !names(pattern, from) || names(pattern, to));
}

/** Counts calls before they are sent; throws when one is too many. The returned function gives the place back. */
export interface Limits {
  take(target: Target): () => void;
}

export const noLimits: Limits = { take: () => () => {} };
