import type { AnsweredApproval, GrantInfo, JudgedEffect, PendingApproval } from '../../src-shared/policy.ts';
import { escapeHidden } from '../gateway/config/plain-text.ts';

const basisWords: Readonly<Record<JudgedEffect['basis'], string>> = {
  manifest: 'as its connector says',
  sql: 'as its SQL says',
  server: 'as its server says',
  protocol: 'as the protocol says',
  unknown: 'as far as anybody knows',
};

/** The whole question, nothing left out; what cannot be seen in it is made visible where it is shown. */
export function describeQuestion(question: PendingApproval): string {
  const { kind, profile, env, tool, client, effect, reason, before, choices } = question;
  const what =
    kind === 'account'
      ? `Which account of ${profile} may ${tool} use?`
      : `Allow ${tool} on ${profile}${classOf(env)}?`;
  // A line break in a name would let it write lines of its own.
  const facts = [
    what,
    `  asked by:  ${client}`,
    `  it ${effect.does}, ${basisWords[effect.basis]}`,
    ...(reason === '' ? [] : [`  why:       ${reason}`]),
    ...choices.map((choice) => `  choice:    ${choice.profile}${classOf(choice.env)}`),
  ].map(escapeHidden);
  return [
    ...facts,
    '  arguments:',
    indent(question.arguments),
    ...(before === null || before === question.arguments ? [] : ['  last allowed with:', indent(before)]),
  ].join('\n');
}

/** One line of `nucleus approvals`. */
export function rowOfQuestion(question: PendingApproval, now: number): string[] {
  const { id, profile, env, tool, client, effect, endsAt, via } = question;
  return [
    id.slice(0, 8),
    profile,
    env ?? '-',
    tool,
    effect.does,
    client,
    `${Math.max(0, Math.ceil((endsAt - now) / 1_000))}s`,
    via.join(','),
  ];
}

export function rowOfGrant(grant: GrantInfo): string[] {
  const { id, profile, env, scope, tool, client, endsAt, callsLeft, isKept } = grant;
  const limits = [
    ...(endsAt === null ? [] : [`until ${new Date(endsAt).toISOString()}`]),
    ...(callsLeft === null ? [] : [`${callsLeft} calls`]),
    ...(isKept ? ['kept'] : []),
  ];
  return [
    id.slice(0, 8),
    profile,
    env ?? '-',
    scope === 'tool' ? tool : 'all writes',
    client,
    limits.join(', '),
  ];
}

/** How a question ended, in one line. */
export function describeAnswer({ id, profile, env, tool, answer, via }: AnsweredApproval): string {
  const where = via === null ? '' : ` (${via})`;
  return `${id.slice(0, 8)}  ${answer}${where}: ${tool} on ${profile}${classOf(env)}`;
}

function classOf(env: string | null): string {
  return env === null ? '' : ` (${env})`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
