import type { ApprovalWay, PolicyFile, Rule } from '../../../src-shared/policy.ts';
import { commonWays, defaultWays, waysOf } from './decide.ts';
import type { Decision } from './decision.ts';

/** The stricter of two decisions about one call; where both ask, for all that either asks for. */
export function stricterOf(accepted: Decision, file: Decision): Decision {
  if (accepted.kind === 'approve' && file.kind === 'approve')
    return {
      ...accepted,
      via: commonWays(accepted.via, file.via),
      mayGrant: accepted.mayGrant && file.mayGrant,
    };
  if (accepted.kind === 'confirm' && file.kind === 'confirm')
    return {
      ...accepted,
      phrases: distinct([...accepted.phrases, ...file.phrases]),
      reason: distinct([accepted.reason, file.reason].filter((reason) => reason !== '')).join(' '),
    };
  return strictness[file.kind] > strictness[accepted.kind] ? file : accepted;
}

const strictness: Readonly<Record<Decision['kind'], number>> = { allow: 0, confirm: 1, approve: 2, deny: 3 };

/**
 * Whether it is plain that no call gets a milder decision by `next` than by `accepted`: every rule that stands in the
 * way of calls is still there, in the same order, and what came in addition allows nothing. What is not plain is for a
 * person to judge.
 */
export function isPlainlyStricter(accepted: PolicyFile, next: PolicyFile): boolean {
  if (accepted.defaults && !next.defaults) return false;
  const added = addedTo(accepted.rule.filter(restricts), next.rule.filter(restricts));
  if (added === null || added.some(({ allow }) => allow !== undefined && allow.length > 0)) return false;
  const exemptions = new Set(accepted.rule.filter((rule) => !restricts(rule)).map(ruleKey));
  const kept = new Set(next.rule.filter((rule) => !restricts(rule)).map(ruleKey));
  if ([...kept].some((rule) => !exemptions.has(rule))) return false;
  // Where one goes the rule of a class comes back, as it does where they are turned on.
  const bringsDefaults = (next.defaults && !accepted.defaults) || kept.size < exemptions.size;
  return asksNobodyElse(added, next, bringsDefaults);
}

/** A rule as one text; two with the same one are the same rule. */
export function ruleKey(rule: Rule): string {
  return JSON.stringify(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** All but rules that only exempt from those of the classes. */
function restricts({ deny, confirm, approve }: Rule): boolean {
  return (deny?.length ?? 0) > 0 || (confirm?.length ?? 0) > 0 || approve !== undefined;
}

/** The rules of `next` beside those of `before`; null when one of these is missing or stands elsewhere. */
function addedTo(before: readonly Rule[], next: readonly Rule[]): readonly Rule[] | null {
  const wanted = before.map(ruleKey);
  let found = 0;
  const added = next.filter((rule) => {
    if (found >= wanted.length || ruleKey(rule) !== wanted[found]) return true;
    found += 1;
    return false;
  });
  return found === wanted.length ? added : null;
}

/**
 * A rule that asks only narrows where the yes may be given while there is a way all such rules have in common; it must
 * not be the client either, as it may take the place of a class's rule.
 */
function asksNobodyElse(added: readonly Rule[], next: PolicyFile, bringsDefaults: boolean): boolean {
  const asking = added.filter(({ approve }) => approve !== undefined);
  if (asking.some((rule) => waysOf(rule).includes('client'))) return false;
  if (asking.length === 0 && !bringsDefaults) return true;
  const all = next.rule.filter(({ approve }) => approve !== undefined).map(waysOf);
  const common = [defaultWays, ...all].reduce<readonly ApprovalWay[]>(
    (ways, more) => ways.filter((way) => more.includes(way)),
    defaultWays,
  );
  return common.length > 0;
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
