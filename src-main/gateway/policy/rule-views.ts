import type { RuleView } from '../../../src-shared/policy.ts';
import { layOut } from '../config/positions.ts';
import type { CompiledRule, ToolPattern } from './rules.ts';

/** A rule with the place of its own text; null for one of a class, or one that the file no longer has. */
export interface PlacedRule {
  readonly compiled: CompiledRule;
  readonly line: number | null;
  readonly toml: string;
  /** Said beside the rule's own reason. */
  readonly remark: string;
}

/** The rules as people are shown them, in the order of judging; one that does several things stands there several times. */
export function viewsOf(rules: readonly PlacedRule[], defaults: readonly PlacedRule[]): RuleView[] {
  const views = rules.flatMap(viewsOfRule);
  const order = ['deny', 'ask', 'confirm', 'allow'] as const;
  return [
    ...order.flatMap((then) => views.filter((view) => view.then === then)),
    ...defaults.flatMap(viewsOfRule),
  ];
}

/** Where the rules of a text stand, by their place in it. */
export function placeRules(text: string): (index: number) => Pick<PlacedRule, 'line' | 'toml'> {
  const plain = text.replace(/^\ufeff/, '');
  const layout = layOut(plain);
  const spans = new Map<PropertyKey | undefined, { from: number; to: number }>();
  for (const { table, from, to } of layout?.statements ?? [])
    if (table[0] === 'rule') spans.set(table[1], { from: spans.get(table[1])?.from ?? from, to });
  const lineOf = lineCounter(plain);
  return (index) => {
    const span = spans.get(index);
    // One that is written inside a list has a place and no lines of its own.
    const from = span?.from ?? layout?.offset(['rule', index]) ?? null;
    if (from === null) return { line: null, toml: '' };
    return { line: lineOf(from), toml: span ? plain.slice(span.from, span.to) : '' };
  };
}

/** Lines of offsets, each counted from the one before: rules are asked for in their order, and there may be many. */
function lineCounter(text: string): (offset: number) => number {
  let at = 0;
  let line = 1;
  return (offset) => {
    if (offset < at) [at, line] = [0, 1];
    for (let end = text.indexOf('\n', at); end >= 0 && end < offset; end = text.indexOf('\n', at)) {
      at = end + 1;
      line += 1;
    }
    return line;
  };
}

function viewsOfRule({ compiled, line, toml, remark }: PlacedRule): RuleView[] {
  const { number, rule, deny, confirm, allow } = compiled;
  const view = (then: RuleView['then'], tools: readonly ToolPattern[]): RuleView => ({
    number,
    // oxlint-disable-next-line unicorn/no-thenable -- a word, which nobody can wait for
    then,
    profiles: [
      ...(rule.match === undefined ? [] : [rule.match]),
      ...(rule.profile ?? []),
      ...(rule.connector ?? []).map((connector) => `${connector}:*`),
      ...(rule.alias ?? []).map((alias) => `alias ${alias}`),
    ],
    envs: rule.env ?? [],
    clients: rule.client ?? [],
    tools: tools.map(({ text }) => text),
    effects: rule.effect ?? [],
    arguments: Object.entries(rule.arguments ?? {}).map(
      ([place, globs]) => `${place} is ${globs.join(' or ')}`,
    ),
    reason: [rule.reason ?? '', remark].filter((text) => text !== '').join(' '),
    line,
    toml,
  });
  return [
    ...(deny.length > 0 ? [view('deny', deny)] : []),
    ...(rule.approve ? [view('ask', confirm)] : []),
    ...(confirm.length > 0 && !rule.approve ? [view('confirm', confirm)] : []),
    ...(allow.length > 0 ? [view('allow', allow)] : []),
  ];
}
