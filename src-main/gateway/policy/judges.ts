import { createHash } from 'node:crypto';
import type { EnvClass, PolicyFile, Rule, RuleView, TraceLine } from '../../../src-shared/policy.ts';
import { decide } from './decide.ts';
import type { Decision, Facts } from './decision.ts';
import { traceOf } from './explain.ts';
import { keepsRules } from './renaming.ts';
import { placeRules, viewsOf, type PlacedRule } from './rule-views.ts';
import { compilePolicy, type CompiledPolicy, type CompiledRule } from './rules.ts';
import { ruleKey, stricterOf } from './stricter.ts';

/** One complete version of the policy: it judges a call as a whole. */
export interface Judge {
  readonly version: string;
  readonly rules: readonly RuleView[];
  /** Whether some call to a profile of this class may not pass by itself. */
  mayStop(env: EnvClass | null): boolean;
  decide(facts: Facts): Decision;
  trace(facts: Facts): TraceLine[];
  /** Whether a profile is judged no milder under another id. */
  keepsRules(from: string, to: string): boolean;
}

/** A policy.toml that was read; text null is no file. */
export interface Source {
  readonly text: string | null;
  readonly file: PolicyFile;
}

/** `isThere` false: the rules were accepted and stand in no file that can be read. */
export function judgeBy({ text, file }: Source, isThere = true): Judge {
  const policy = compilePolicy(file);
  const place = placeRules(text ?? '');
  const rules = policy.rules.map((compiled, index): PlacedRule => {
    const { line, toml } = place(index);
    return { compiled, line: isThere ? line : null, toml, remark: '' };
  });
  return {
    version: versionOf('judges', text),
    rules: viewsOf(rules, policy.defaults.map(unplaced)),
    mayStop: (env) => mayStop(policy, env),
    decide: (facts) => decide(policy, facts),
    trace: (facts) => traceOf(policy, facts),
    keepsRules: (from, to) => keepsRules(file, from, to),
  };
}

/** Both judge and the stricter one wins, until a person accepts the file. What only was accepted is numbered last. */
export function judgeByBoth(accepted: Source, source: Source): Judge {
  const now = compilePolicy(source.file);
  const numbers = new Map<string, number[]>();
  for (const { rule, number } of [...now.rules, ...now.defaults])
    numbers.set(ruleKey(rule), [...(numbers.get(ruleKey(rule)) ?? []), number]);
  let last = now.rules.length + now.defaults.length;
  const own = last;
  const before = compilePolicy(
    accepted.file,
    (rule: Rule) => numbers.get(ruleKey(rule))?.shift() ?? (last += 1),
  );
  const isGone = ({ number }: CompiledRule): boolean => number > own;

  const placeNow = placeRules(source.text ?? '');
  const placeBefore = placeRules(accepted.text ?? '');
  const rules: PlacedRule[] = [
    ...now.rules.map((compiled, index) => ({ compiled, ...placeNow(index), remark: '' })),
    ...before.rules
      .map((compiled, index) => ({
        compiled,
        line: null,
        toml: placeBefore(index).toml,
        remark: 'It is not in the file any more and holds until a person accepts that.',
      }))
      .filter(({ compiled }) => isGone(compiled)),
  ];
  const defaults = [...now.defaults, ...before.defaults.filter(isGone)];
  return {
    version: versionOf('both', accepted.text, source.text),
    rules: viewsOf(rules, defaults.map(unplaced)),
    mayStop: (env) => mayStop(before, env) || mayStop(now, env),
    decide: (facts) => stricterOf(decide(before, facts), decide(now, facts)),
    keepsRules: (from, to) => keepsRules(accepted.file, from, to) && keepsRules(source.file, from, to),
    trace: (facts) => [
      ...traceOf(now, facts),
      ...traceOf(before, facts).filter(({ rule }) => rule !== null && rule > own),
      {
        rule: null,
        hit: true,
        text: 'policy.toml allows more than what a person accepted, so the stricter of both judges; nucleus policy accept shows what changed.',
      },
    ],
  };
}

/** Nothing that can be used was accepted: only what reads passes. `problem` says what is wrong and what to do. */
export function judgeReadsOnly(problem: string, text: string | null): Judge {
  const reason = `${problem} Until then only calls that read pass.`;
  return {
    version: versionOf('reads', text),
    rules: [],
    mayStop: () => true,
    decide: ({ effect }) =>
      effect.does === 'reads'
        ? { kind: 'allow', rule: null }
        : { kind: 'deny', rule: null, match: '', pattern: '', reason },
    // What was accepted is not known.
    keepsRules: () => false,
    trace: ({ effect }) => [{ rule: null, hit: effect.does !== 'reads', text: reason }],
  };
}

function mayStop({ rules, defaults }: CompiledPolicy, env: EnvClass | null): boolean {
  return rules.length > 0 || (env !== null && defaults.some(({ rule }) => rule.env?.includes(env) ?? true));
}

function unplaced(compiled: CompiledRule): PlacedRule {
  return { compiled, line: null, toml: '', remark: '' };
}

/** The same texts in the same role have the same id, everywhere and always. */
function versionOf(role: 'judges' | 'both' | 'reads', ...texts: readonly (string | null)[]): string {
  const hash = createHash('sha256').update(JSON.stringify([role, ...texts]));
  return `p-${hash.digest('hex').slice(0, 12)}`;
}
