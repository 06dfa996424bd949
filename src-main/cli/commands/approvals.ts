import { Argument, type Command } from 'commander';
import type { Api } from '../../../src-shared/contract.ts';
import { parseDuration } from '../../../src-shared/duration.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { GrantAsked, PendingApproval } from '../../../src-shared/policy.ts';
import { withApi, type OpenApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, print, printJson, table, visible } from '../output.ts';
import { personApi, systemFlag, type PersonOptions } from '../person.ts';
import type { CommandSpec } from '../program.ts';
import { describeAnswer, describeQuestion, rowOfGrant, rowOfQuestion } from '../render-approval.ts';

export type ApprovalsOptions = PersonOptions & {
  readonly for?: string;
  readonly calls?: string;
  readonly allWrites?: boolean;
  readonly keep?: boolean;
  readonly choose?: string;
};

const actions = ['list', 'watch', 'allow', 'deny', 'grants', 'revoke'] as const;

/** `nucleus approvals`: the calls that wait for a person. */
export const approvals: CommandSpec = {
  define(command: Command) {
    command
      .addArgument(
        new Argument(
          '[action]',
          'list, watch, allow (asks for the PIN), deny, grants (what is allowed for longer), revoke',
        )
          .choices(actions)
          .default('list'),
      )
      .argument('[id]', 'the question or grant; its beginning is enough')
      .option('--for <duration>', 'with allow: this tool may run that long, such as 15m')
      .option('--calls <number>', 'with allow: this tool may run that often')
      .option('--all-writes', 'with allow and a limit: every call that writes, none that destroys')
      .option('--keep', 'with allow and a limit: also after a restart')
      .option('--choose <profile>', 'with allow: the account, where several could be meant')
      .option(...systemFlag);
  },
  async run(context, [action = 'list', id], options: ApprovalsOptions) {
    const needsId = action === 'allow' || action === 'deny' || action === 'revoke';
    if (needsId !== (id !== undefined))
      throw new NucleusError(
        'USAGE',
        needsId ? `say which: nucleus approvals ${action} ID` : `nucleus approvals ${action} takes no id`,
      );
    const grant = readGrant(options);
    if (action !== 'allow' && (grant !== null || options.choose !== undefined))
      throw new NucleusError('USAGE', '--for, --calls and --choose belong to nucleus approvals allow');
    return withApi(context, (open) => {
      if (action === 'watch') return watch(context, open);
      if (action === 'grants') return listGrants(context, open.api);
      if (action === 'revoke') return revoke(context, open.api, id ?? '');
      if (action === 'deny') return deny(context, open.api, id ?? '');
      return action === 'allow' ? allow(context, open, id ?? '', grant, options) : list(context, open.api);
    });
  },
};

async function list(context: Context, api: Api): Promise<number> {
  const known = await api.approvals.list({});
  if (context.json) printJson(context, known);
  else if (known.waiting.length === 0) note(context, 'Nothing waits for you.');
  else {
    const header = ['ID', 'PROFILE', 'CLASS', 'TOOL', 'IT', 'CLIENT', 'LEFT', 'VIA'];
    const rows = known.waiting.map((question) => rowOfQuestion(question, Date.now()));
    print(context, table(header, rows));
  }
  return 0;
}

/** Each question once, and how it ended, until the command is ended. */
async function watch(context: Context, { api, running }: OpenApi): Promise<number> {
  if (!running)
    throw new NucleusError('GATEWAY_UNREACHABLE', 'no gateway runs, so nothing can wait; nucleus start');
  const shown = new Set<string>();
  note(context, 'Waiting for questions; end it with Ctrl-C.');
  for (;;) {
    const { waiting, answered } = await api.approvals.list({});
    for (const question of waiting.filter(({ id }) => !shown.has(id))) {
      shown.add(question.id);
      say(context, question, `${question.id.slice(0, 8)}  ${describeQuestion(question)}`);
    }
    for (const answer of answered.filter(({ id }) => shown.delete(id)))
      say(context, answer, describeAnswer(answer));
    await api.approvals.watch({});
  }
}

async function allow(
  context: Context,
  open: OpenApi,
  beginning: string,
  grant: GrantAsked | null,
  options: ApprovalsOptions,
): Promise<number> {
  const question = await findQuestion(open.api, beginning);
  checkChoice(question, options.choose);
  const more = grant === null ? '' : `\n${describeGrant(question, grant)}`;
  const chosen = options.choose === undefined ? '' : `\nThe account is ${options.choose}.`;
  const person = personApi(context, open, `${describeQuestion(question)}${more}${chosen}`, options);
  const answer = await person.approvals.allow({ id: question.id, grant, choice: options.choose ?? null });
  return tell(context, answer, 'allowed', question);
}

async function deny(context: Context, api: Api, beginning: string): Promise<number> {
  const question = await findQuestion(api, beginning);
  return tell(context, await api.approvals.deny({ id: question.id }), 'denied', question);
}

function tell(
  context: Context,
  answer: { readonly counted: boolean },
  word: string,
  { tool, profile }: PendingApproval,
): number {
  if (context.json) printJson(context, answer);
  const done = `${word} ${tool} on ${profile}`;
  note(
    context,
    visible(
      answer.counted
        ? done
        : `that did not count: ${tool} on ${profile} is over, or was asked too short ago to be read`,
    ),
  );
  return answer.counted ? 0 : 1;
}

async function listGrants(context: Context, api: Api): Promise<number> {
  const known = await api.approvals.grants({});
  if (context.json) printJson(context, known);
  else if (known.length === 0) note(context, 'Nothing is allowed for longer than one call.');
  else print(context, table(['ID', 'PROFILE', 'CLASS', 'WHAT', 'CLIENT', 'ENDS'], known.map(rowOfGrant)));
  return 0;
}

async function revoke(context: Context, api: Api, beginning: string): Promise<number> {
  const { id, profile } = only(
    await api.approvals.grants({}),
    beginning,
    'grant',
    'nucleus approvals grants',
  );
  const answer = await api.approvals.revoke({ id });
  if (context.json) printJson(context, answer);
  note(context, answer.revoked ? `revoked the grant on ${profile}` : 'that grant had ended already');
  return 0;
}

async function findQuestion(api: Api, beginning: string): Promise<PendingApproval> {
  const { waiting } = await api.approvals.list({});
  return only(waiting, beginning, 'question', 'nucleus approvals');
}

/** The one whose id begins so. */
function only<T extends { readonly id: string }>(
  all: readonly T[],
  beginning: string,
  what: string,
  where: string,
): T {
  const [found, another] = all.filter(({ id }) => id.startsWith(beginning));
  if (!found)
    throw new NucleusError(
      'TICKET_UNKNOWN',
      `there is no ${what} ${beginning}, or no more; ${where} lists them`,
    );
  if (another) throw new NucleusError('USAGE', `several begin with ${beginning}; type more of the id`);
  return found;
}

function readGrant(options: ApprovalsOptions): GrantAsked | null {
  const { for: time, calls, allWrites = false, keep = false } = options;
  if (time === undefined && calls === undefined) {
    if (allWrites || keep)
      throw new NucleusError('USAGE', 'give a limit with it: --for 15m, --calls 10, or both');
    return null;
  }
  return {
    scope: allWrites ? 'writes' : 'tool',
    minutes: time === undefined ? null : whole('--for', Math.ceil(parseDuration(time) / 60_000), 1_440),
    calls: calls === undefined ? null : whole('--calls', Number(calls), 1_000),
    isKept: keep,
  };
}

function whole(flag: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new NucleusError('USAGE', `${flag} is too little, too much or no number; ${most} at most`);
}

function checkChoice({ kind, choices }: PendingApproval, choice: string | undefined): void {
  const ids = choices.map(({ profile }) => profile);
  if (kind === 'account' && (choice === undefined || !ids.includes(choice)))
    throw new NucleusError('USAGE', `say which account with --choose: ${ids.join(', ')}`);
  if (kind === 'call' && choice !== undefined)
    throw new NucleusError('USAGE', '--choose is for questions about the account; this is none');
}

function describeGrant({ tool, profile, mayGrant }: PendingApproval, grant: GrantAsked): string {
  if (!mayGrant)
    throw new NucleusError(
      'USAGE',
      'the rule wants each call to be asked about; leave --for and --calls out',
    );
  const what = grant.scope === 'tool' ? tool : 'EVERY call that writes';
  const limits = [
    ...(grant.minutes === null ? [] : [`for ${grant.minutes} minutes`]),
    ...(grant.calls === null ? [] : [`${grant.calls} times`]),
    ...(grant.isKept ? ['also after a restart'] : []),
  ];
  return `And ${what} on ${profile} ${limits.join(', ')}, whatever its arguments.`;
}

function say(context: Context, value: object, text: string): void {
  if (context.json) print(context, JSON.stringify(value));
  else print(context, visible(text));
}
