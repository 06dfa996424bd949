import { keyMark } from '../../../src-shared/attach.ts';
import { compileGlob } from '../../../src-shared/glob.ts';
import { defaultRules } from './default-rules.ts';
import type { PolicyFile, Rule } from '../../../src-shared/policy.ts';
import type { Call } from './call.ts';

/**
 * How a rule fits a call: not; by something clients say of themselves, an alias or their own name; or by what they have
 * no say in. Nothing is allowed for what a client says.
 */
export const fits = { no: 0, claimed: 1, surely: 2 } as const;
export type Fit = (typeof fits)[keyof typeof fits];

/** One condition of a rule. */
export interface Condition {
  fit(call: Call): Fit;
  /** Why the rule does not fit a call. */
  readonly otherwise: string;
}

/** A pattern of tools, as it is written and as it is applied. */
export interface ToolPattern {
  readonly text: string;
  matches(lowerCase: string): boolean;
}

/** A rule that is ready to be held against calls. */
export interface CompiledRule {
  /** What people know it by. */
  readonly number: number;
  readonly rule: Rule;
  readonly conditions: readonly Condition[];
  readonly deny: readonly ToolPattern[];
  readonly confirm: readonly ToolPattern[];
  readonly allow: readonly ToolPattern[];
}

/** What judges calls: the rules of a file in its order, and those of the classes. */
export interface CompiledPolicy {
  readonly rules: readonly CompiledRule[];
  readonly defaults: readonly CompiledRule[];
}

/** `numberOf` gives a rule its number; without it they are counted, those of the classes behind those of the file. */
export function compilePolicy(file: PolicyFile, numberOf?: (rule: Rule) => number): CompiledPolicy {
  const count = file.rule.length;
  return {
    rules: file.rule.map((rule, index) => compileRule(rule, numberOf?.(rule) ?? index + 1)),
    defaults: (file.defaults ? defaultRules : []).map((rule, index) =>
      compileRule(rule, numberOf?.(rule) ?? count + index + 1),
    ),
  };
}

/** How the rule fits as a whole: as its weakest condition does. */
export function fitOf({ conditions }: CompiledRule, call: Call): Fit {
  let least: Fit = fits.surely;
  for (const condition of conditions) {
    const fit = condition.fit(call);
    if (fit === fits.no) return fit;
    if (fit < least) least = fit;
  }
  return least;
}

/** The first of the patterns that the call's tool matches, by its own name or by the operation behind it. */
export function patternFor(patterns: readonly ToolPattern[], { tool, operation }: Call): string | null {
  for (const pattern of patterns)
    if (pattern.matches(tool) || (operation !== tool && pattern.matches(operation))) return pattern.text;
  return null;
}

function compileRule(rule: Rule, number: number): CompiledRule {
  return {
    number,
    rule,
    conditions: conditionsOf(rule),
    deny: patterns(rule.deny),
    confirm: patterns(rule.confirm),
    allow: patterns(rule.allow),
  };
}

/** Cheap ones first. */
function conditionsOf(rule: Rule): Condition[] {
  const { match, profile, connector, alias, env, effect, client, arguments: places } = rule;
  return [
    ...(match === undefined ? [] : [matchCondition(match)]),
    ...(connector ? [texts(connector, ({ connector: text }) => text, 'the connector is another')] : []),
    ...(profile ? [texts(profile, ({ profile: text }) => text, 'the profile is another')] : []),
    ...(env ? [envCondition(env)] : []),
    ...(effect ? [effectCondition(effect)] : []),
    ...(alias ? [texts(alias, (call) => call.alias, 'the alias is another', fits.claimed)] : []),
    ...(client ? [clientCondition(client)] : []),
    ...Object.entries(places ?? {}).map(([place, globs]) =>
      texts(globs, (call) => call.argument(place), `argument ${place} is missing or another`),
    ),
  ];
}

function matchCondition(match: string): Condition {
  const [connector = '', name = ''] = match
    .toLowerCase()
    .split(':')
    .map((side) => side.trim());
  return {
    fit(call) {
      if (connector !== '*' && connector !== call.connector) return fits.no;
      if (name === '*' || name === call.name) return fits.surely;
      return name === call.alias ? fits.claimed : fits.no;
    },
    otherwise: `the profile is not ${match}`,
  };
}

function texts(
  globs: readonly string[],
  textOf: (call: Call) => string | undefined,
  otherwise: string,
  fit: Fit = fits.surely,
): Condition {
  const compiled = globs.map(compileGlob);
  return {
    fit(call) {
      const text = textOf(call);
      return text !== undefined && compiled.some((matches) => matches(text)) ? fit : fits.no;
    },
    otherwise,
  };
}

function envCondition(envs: readonly string[]): Condition {
  return {
    fit: ({ facts: { env } }) => (env !== null && envs.includes(env) ? fits.surely : fits.no),
    otherwise: 'the class is another',
  };
}

function effectCondition(effects: readonly string[]): Condition {
  const has = (does: string): boolean => effects.includes(does);
  return {
    fit: ({ facts: { effect } }) =>
      has(effect.does) || (effect.does === 'destroys' && has('writes')) ? fits.surely : fits.no,
    otherwise: 'the effect is another',
  };
}

/** A client can call itself what it likes, and say any key; its token it cannot choose. */
function clientCondition(globs: readonly string[]): Condition {
  const compiled = globs.map(compileGlob);
  const isNamed = (text: string): boolean => compiled.some((matches) => matches(text));
  return {
    fit({ client, principal }) {
      const key = principal.startsWith(keyMark) ? principal.slice(keyMark.length) : null;
      if (key === null && isNamed(principal)) return fits.surely;
      return isNamed(client) || (key !== null && isNamed(key)) ? fits.claimed : fits.no;
    },
    otherwise: 'the client is another',
  };
}

function patterns(globs: readonly string[] = []): ToolPattern[] {
  return globs.map((text) => ({ text, matches: compileGlob(text) }));
}
