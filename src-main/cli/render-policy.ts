import type { PolicyInfo, PolicyProblem, PolicyTest, RuleView } from '../../src-shared/policy.ts';
import { diffEdit } from '../gateway/hosts/diff.ts';
import { oneLine, table, visible } from './output.ts';

/** What judges now, and by which rules. */
export function describePolicy(info: PolicyInfo): string {
  const rows = info.rules.map((rule) => [
    String(rule.number),
    verbs[rule.then],
    rule.tools.join(' ') || '*',
    conditionsOf(rule),
    rule.line === null ? '-' : String(rule.line),
    rule.reason || '-',
  ]);
  return [
    `file:    ${oneLine(info.file)}${info.text === null ? ' (there is none)' : ''}`,
    `state:   ${states[info.state]}`,
    `version: ${info.version}`,
    '',
    rows.length === 0 ? 'No rules.' : table(['RULE', 'DOES', 'TOOLS', 'WHERE', 'LINE', 'REASON'], rows),
  ].join('\n');
}

/** `policy.toml:14:8 error: …`, one problem a line. */
export function describeProblems(file: string, problems: readonly PolicyProblem[]): string {
  return problems
    .map(({ line, column, severity, message }) => {
      const place = line === null ? '' : `:${line}:${column ?? 1}`;
      return oneLine(`${file}${place} ${severity}: ${message}`);
    })
    .join('\n');
}

/** What would become of a call; with `isWhole` what every rule says of it. */
export function describeTest(test: PolicyTest, isWhole: boolean): string {
  const { does, basis } = test.effect;
  return [
    `decision: ${outcomes[test.decision]}`,
    `call:     ${oneLine(test.tool)} on ${oneLine(test.profile)}${test.env === null ? '' : ` (${test.env})`}`,
    `effect:   ${does}, ${bases[basis]}`,
    `rule:     ${test.rule ?? '-'}`,
    `reason:   ${oneLine(test.reason)}`,
    ...(isWhole ? ['', ...test.trace.map(({ hit, text }) => `${hit ? '+' : '-'} ${oneLine(text)}`)] : []),
  ].join('\n');
}

/** What accepting the file changes, as a unified diff. */
export function describeChange({ file, accepted, text }: PolicyInfo): string {
  const before = accepted ?? '';
  const diff = diffEdit(file, accepted, { offset: 0, length: before.length, content: text ?? '' });
  return visible(diff).trimEnd();
}

const verbs: Readonly<Record<RuleView['then'], string>> = {
  deny: 'deny',
  ask: 'ask a person',
  confirm: 'want a phrase',
  allow: 'allow',
};

const states: Readonly<Record<PolicyInfo['state'], string>> = {
  none: 'no file; the rules of the classes judge',
  accepted: 'the file judges',
  pending:
    'the file allows more than what a person accepted, so the stricter of both judges; nucleus policy accept',
  invalid: 'the file cannot be used; nucleus policy check says why',
};

const outcomes: Readonly<Record<PolicyTest['decision'], string>> = {
  allow: 'allowed',
  deny: 'denied',
  confirm: 'a phrase is needed',
  approve: "a person's yes is needed",
};

const bases: Readonly<Record<PolicyTest['effect']['basis'], string>> = {
  manifest: 'as the connector says',
  sql: 'as its SQL says',
  server: 'as its server says',
  protocol: 'as the protocol says',
  unknown: 'as nothing says otherwise',
};

function conditionsOf({ profiles, envs, effects, clients, arguments: places }: RuleView): string {
  const parts = [...profiles, ...envs, ...effects, ...clients.map((client) => `client ${client}`), ...places];
  return parts.join(', ') || 'everywhere';
}
