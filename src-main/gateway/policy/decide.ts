import type { ApprovalWay, Rule } from '../../../src-shared/policy.ts';
import { readCall, type Call } from './call.ts';
import type { Decision, Facts } from './decision.ts';
import { fitOf, fits, patternFor, type CompiledPolicy, type CompiledRule, type Fit } from './rules.ts';

/** Where a yes may be given when a rule does not say. */
export const defaultWays: readonly ApprovalWay[] = ['app', 'terminal', 'system'];

/** What a rule does to a call it fits. */
export interface Hit {
  readonly rule: CompiledRule;
  readonly fit: Fit;
  /** The pattern that denies it. */
  readonly denies: string | null;
  readonly asks: boolean;
  readonly confirms: boolean;
  readonly exempts: boolean;
}

/**
 * Decides by rules alone: deny, else a person's yes, else phrases, else it passes. The rules of the classes count where
 * no rule of the file asks a person and none exempts. Pure.
 */
export function decide(policy: CompiledPolicy, facts: Facts): Decision {
  const call = readCall(facts);
  const asking: Hit[] = [];
  const confirming: CompiledRule[] = [];
  let exempting: CompiledRule | null = null;
  for (const rule of policy.rules) {
    const fit = fitOf(rule, call);
    if (fit === fits.no) continue;
    const hit = hitOf(rule, fit, call);
    if (hit.denies !== null) return denied(rule, hit.denies);
    if (hit.asks) asking.push(hit);
    if (hit.confirms) confirming.push(rule);
    if (hit.exempts) exempting ??= rule;
  }
  const byClass = exempting ? undefined : policy.defaults.find((rule) => fitOf(rule, call) !== fits.no);
  return (
    approved(asking, byClass) ?? confirmed(confirming) ?? { kind: 'allow', rule: exempting?.number ?? null }
  );
}

/** What a rule that fits does to a call. */
export function hitOf(rule: CompiledRule, fit: Fit, call: Call): Hit {
  const { kind, effect } = call.facts;
  // Other requests have no place for a phrase, and nothing is asked about those that only read.
  const isOther = kind === 'other';
  const isNamed = patternFor(rule.confirm, call) !== null;
  const isAsking = rule.rule.approve !== undefined;
  return {
    rule,
    fit,
    denies: patternFor(rule.deny, call),
    asks: isAsking && (rule.confirm.length === 0 || isNamed) && !(isOther && effect.does === 'reads'),
    confirms: !isAsking && isNamed && !isOther,
    exempts: fit === fits.surely && !isOther && patternFor(rule.allow, call) !== null,
  };
}

/** Where a rule lets the yes be given. */
export function waysOf({ approve_via: ways }: Rule): readonly ApprovalWay[] {
  return ways ?? defaultWays;
}

/** What both allow; where that is nothing, what the first does. */
export function commonWays(
  first: readonly ApprovalWay[],
  second: readonly ApprovalWay[],
): readonly ApprovalWay[] {
  const common = first.filter((way) => second.includes(way));
  return common.length > 0 ? common : first;
}

/** The conditions of a rule in a few words, for sentences about it. */
export function conditionText({ match, arguments: places, ...rule }: Rule): string {
  if (match !== undefined) return match;
  const parts = (['profile', 'connector', 'alias', 'env', 'effect', 'client'] as const).flatMap((key) =>
    rule[key] ? [`${key}=${rule[key].join('|')}`] : [],
  );
  const all = [
    ...parts,
    ...Object.entries(places ?? {}).map(([place, globs]) => `${place}=${globs.join('|')}`),
  ];
  const text = all.join(', ');
  if (text === '') return 'every call';
  return text.length > maxConditionText ? `${text.slice(0, maxConditionText)}…` : text;
}

const maxConditionText = 200;

function denied({ number, rule }: CompiledRule, pattern: string): Decision {
  return { kind: 'deny', rule: number, match: conditionText(rule), pattern, reason: rule.reason ?? '' };
}

/**
 * Every rule that asks may take ways away and none adds one. Those that fit for what a client says of itself come last:
 * alone they would take the place of a class's rule, and a client could choose whom it is asked by.
 */
function approved(asking: readonly Hit[], byClass: CompiledRule | undefined): Decision | null {
  const sure = asking.filter(({ fit }) => fit === fits.surely).map(({ rule }) => rule);
  const claimed = asking.filter(({ fit }) => fit !== fits.surely).map(({ rule }) => rule);
  const base = sure.length > 0 || !byClass ? sure : [byClass];
  const all = [...base, ...claimed];
  const [most] = all;
  const first = asking[0]?.rule ?? byClass;
  if (!most || !first) return null;
  return {
    kind: 'approve',
    rule: first.number,
    via: all.reduce((ways, { rule }) => commonWays(ways, waysOf(rule)), waysOf(most.rule)),
    mayGrant: all.every(({ rule }) => rule.grants ?? true),
    reason: [byClass?.rule.reason, first === byClass ? undefined : wordsOf(first)].filter(Boolean).join(' '),
  };
}

/** What a rule of the file says stands in quotes: any program may have written it, and a person reads it. */
function wordsOf({ number, rule: { reason } }: CompiledRule): string {
  const rule = `Rule ${number} of policy.toml`;
  return reason ? `${rule}: “${reason}”` : `${rule} needs a person's yes.`;
}

function confirmed(rules: readonly CompiledRule[]): Decision | null {
  const [first] = rules;
  if (!first) return null;
  return {
    kind: 'confirm',
    rule: first.number,
    phrases: distinct(rules.map(({ rule }) => phraseOf(rule))),
    reason: distinct(rules.map(({ rule }) => rule.reason ?? '').filter((reason) => reason !== '')).join(' '),
  };
}

function phraseOf({ phrase, match }: Rule): string {
  return phrase || (match ?? 'confirm');
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
