import type { ApprovalWay, EnvClass, JudgedEffect } from '../../../src-shared/policy.ts';
import type { Params } from '../wire/frame.ts';

/** One call as the record has it: who, on which account, which tool of the upstream. */
export interface Target {
  readonly principal: string;
  readonly profile: string;
  readonly connector: string;
  readonly alias: string;
  readonly kind: 'tool' | 'prompt' | 'resource' | 'other';
  /** The upstream's own name, a URI, or of another kind of call its method. */
  readonly name: string;
}

/** All that rules may judge a call by. */
export interface Facts extends Target {
  /** The client's name for itself. */
  readonly client: string;
  readonly env: EnvClass | null;
  /** `tool>operation` where the tool hides others behind it; else the same as `name`. */
  readonly operation: string;
  readonly effect: JudgedEffect;
  readonly arguments: Params;
}

/** What rules make of a call. `rule` is the number people know it by; null where no rule decided. */
export type Decision =
  | { readonly kind: 'allow'; readonly rule: number | null }
  | {
      readonly kind: 'deny';
      readonly rule: number | null;
      /** The rule's condition and its pattern, as the sentence for the model has them. */
      readonly match: string;
      readonly pattern: string;
      readonly reason: string;
    }
  /** Every one of these phrases has to be said. */
  | {
      readonly kind: 'confirm';
      readonly rule: number;
      readonly phrases: readonly string[];
      readonly reason: string;
    }
  /** A person has to say yes, in one of these ways. */
  | {
      readonly kind: 'approve';
      readonly rule: number | null;
      readonly via: readonly ApprovalWay[];
      /** Whether the yes may be for more than this call. */
      readonly mayGrant: boolean;
      readonly reason: string;
    };

/** Decides before an upstream is touched; pure. */
export interface Policy {
  decide(facts: Facts): Decision;
}
