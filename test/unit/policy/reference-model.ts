import type { Facts } from '../../../src-main/gateway/policy/decision.ts';
import type { PolicyFile, Rule } from '../../../src-shared/policy.ts';

// What docs/policy.md says a second time, to be read and not to be fast. It knows nothing of the decider.
type Globs = readonly string[] | undefined;
type Any = Facts['arguments'] | undefined;
const both = (a: string[], b: string[]) =>
  a.some((x) => b.includes(x)) ? a.filter((x) => b.includes(x)) : a;
const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
const pattern = (glob: string) => glob.replace(/[^a-z0-9*]/gi, '\\$&').replaceAll('*', '[^]*');
const hits = (glob: string, value: unknown) => new RegExp(`^${pattern(glob)}$`, 'i').test(text(value));
const any = (globs: Globs, ...values: unknown[]) =>
  !globs || globs.some((glob) => values.some((value) => value !== undefined && hits(glob, value)));

/** What clients say of themselves, `alias` and `client`, may be left out. */
function isAbout(rule: Rule, call: Facts, { alias, client }: Partial<Facts>): boolean {
  const does = [call.effect.does, ...(call.effect.does === 'destroys' ? ['writes'] : [])];
  const at = (path: string) =>
    path
      .split('/')
      .reduce<Any>((value, key) => (key ? (value?.[key] as Any) : value), call.arguments) as unknown;
  const who = any(rule.match ? [rule.match] : undefined, call.profile, alias && `${call.connector}:${alias}`);
  const given = Object.entries(rule.arguments ?? {}).every(([path, globs]) => any(globs, at(path)));
  const isWhom = who && any(rule.profile, call.profile) && any(rule.connector, call.connector) && given;
  const isWho = any(rule.alias, alias) && any(rule.client, call.principal, client);
  return isWhom && isWho && any(rule.env, call.env) && any(rule.effect, ...does);
}

export function judge({ rule, defaults }: PolicyFile, call: Facts): object {
  const isQuiet = call.kind === 'other' && call.effect.does === 'reads';
  const rules = rule.map((each, i) => ({ ...each, number: i + 1, sure: isAbout(each, call, {}) }));
  const about = rules.filter((each) => isAbout(each, call, call));
  const named = (globs: Globs = []) => globs.find((glob) => any([glob], call.name, call.operation));
  const denying = about.find(({ deny }) => named(deny));
  if (denying) return { kind: 'deny', rule: denying.number, pattern: named(denying.deny) };
  const exempt = about.find(({ allow, sure }) => sure && call.kind !== 'other' && named(allow));
  const asks = about.filter((each) => each.approve && named(each.confirm ?? ['*']) && !isQuiet);
  const risky = { prod: ['writes', 'destroys'], staging: ['destroys'] }[call.env as 'prod'] ?? [];
  const classes = defaults && !exempt && risky.includes(call.effect.does) ? [call.env] : [];
  const [byClass] = classes.map((env) => ({ number: rule.length + (env === 'prod' ? 1 : 2), sure: true }));
  const sure = asks.filter((each) => each.sure);
  const base: typeof asks = byClass && sure.length === 0 ? [byClass] : sure;
  const all = [...base, ...asks.filter((each) => !each.sure)];
  const ways = all.map(({ approve_via: via }): string[] => via ?? ['app', 'terminal', 'system']);
  const mayGrant = all.every(({ grants }) => grants !== false);
  const first = asks[0] ?? byClass;
  if (first) return { kind: 'approve', rule: first.number, mayGrant, via: ways.reduce(both) };
  const says = about.filter((each) => call.kind !== 'other' && !each.approve && named(each.confirm));
  const phrases = [...new Set(says.map(({ phrase, match }) => phrase || (match ?? 'confirm')))];
  if (says[0]) return { kind: 'confirm', rule: says[0].number, phrases };
  return { kind: 'allow', rule: exempt?.number ?? null };
}
