import { Argument } from 'commander';
import { resolve as absolutePath } from 'node:path';
import { errorTable, NucleusError } from '../../../src-shared/errors.ts';
import type { PolicyProblem, PolicyTest } from '../../../src-shared/policy.ts';
import { readPolicyText } from '../../gateway/policy/policy-file.ts';
import { type OpenApi, withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { collect, readPairs } from '../flags.ts';
import { note, oneLine, print, printJson } from '../output.ts';
import { personApi, systemFlag, type PersonOptions } from '../person.ts';
import type { CommandSpec } from '../program.ts';
import { describeChange, describePolicy, describeProblems, describeTest } from '../render-policy.ts';
import { readArguments } from './call.ts';

const actions = ['show', 'check', 'test', 'explain', 'accept'] as const;
type Action = (typeof actions)[number];

/** Flags that belong to a call that is only asked about. */
type CallOptions = {
  readonly profile?: string;
  readonly arg?: readonly string[];
  readonly args?: string;
  readonly client?: string;
};

/** `nucleus policy`: what the rules are, whether they are right, and what they would do. */
export const policy: CommandSpec = {
  define(command) {
    command
      .addArgument(
        new Argument(
          '[action]',
          'show, check (what is wrong with the file), test (what would become of a call), explain (the same with every rule), accept (lets a file judge that allows more)',
        )
          .choices(actions)
          .default('show'),
      )
      .argument('[target]', 'with check: a file; with test and explain: a tool, as nucleus tools prints it')
      .option('--profile <id>', 'with test and explain: the profile; the tool is then its server’s own name')
      .option('--arg <k=v>', 'with test and explain: an argument that is a text; may be repeated', collect)
      .option(
        '--args <json>',
        'with test and explain: the arguments as a JSON object; - reads them from stdin',
      )
      .option('--client <name>', 'with test and explain: who calls')
      .option(...systemFlag)
      .addHelpText(
        'after',
        '\ntest and explain call nothing. They end with 0 when the call would pass and with 6 when it would not; check ends with 2 when the file has errors.',
      );
  },
  async run(context, [word = 'show', target], options: CallOptions & PersonOptions) {
    const action = word as Action;
    if (target !== undefined && (action === 'show' || action === 'accept'))
      throw new NucleusError('USAGE', `nucleus policy ${action} takes nothing behind it`);
    if (action !== 'test' && action !== 'explain') {
      const flag = (['profile', 'arg', 'args', 'client'] as const).find((key) => options[key] !== undefined);
      if (flag) throw new NucleusError('USAGE', `--${flag} goes with nucleus policy test and explain`);
    }
    return withApi(context, (open) => {
      if (action === 'show') return show(context, open);
      if (action === 'check') return check(context, open, target);
      if (action === 'accept') return accept(context, open, options);
      return test(context, open, target, options, action === 'explain');
    });
  },
};

async function show(context: Context, { api }: OpenApi): Promise<number> {
  const info = await api.policy.get({});
  if (context.json) printJson(context, info);
  else print(context, describePolicy(info));
  if (!context.json && info.problems.length > 0)
    note(context, `\n${describeProblems(info.file, info.problems)}`);
  return 0;
}

async function check(context: Context, { api }: OpenApi, target: string | undefined): Promise<number> {
  const { file, problems } = target === undefined ? await api.policy.get({}) : await checkFile();
  if (context.json) printJson(context, problems);
  else if (problems.length > 0) print(context, describeProblems(file, problems));
  else note(context, `${oneLine(file)} has no problems`);
  return problems.some(({ severity }) => severity === 'error') ? errorTable.POLICY_INVALID.exit : 0;

  async function checkFile(): Promise<{ file: string; problems: PolicyProblem[] }> {
    const name = target ?? '';
    const { text, problem } = readPolicyText(absolutePath(context.cwd, name));
    if (problem) return { file: name, problems: [problem] };
    if (text === null) throw new NucleusError('USAGE', `${name} does not exist`);
    return { file: name, problems: await api.policy.check({ text }) };
  }
}

async function test(
  context: Context,
  { api }: OpenApi,
  name: string | undefined,
  { profile, arg, args, client }: CallOptions,
  isWhole: boolean,
): Promise<number> {
  if (name === undefined)
    throw new NucleusError('USAGE', `say which tool: nucleus policy ${isWhole ? 'explain' : 'test'} TOOL`);
  const outcome: PolicyTest = await api.policy.test({
    name,
    profile: profile ?? null,
    arguments: { ...(await readArguments(context, args)), ...readPairs('--arg', arg ?? []) },
    ...(client !== undefined && { client }),
  });
  if (context.json) printJson(context, outcome);
  else print(context, describeTest(outcome, isWhole));
  return outcome.decision === 'allow' ? 0 : errorTable.POLICY_DENIED.exit;
}

async function accept(context: Context, open: OpenApi, options: PersonOptions): Promise<number> {
  const info = await open.api.policy.get({});
  const errors = info.problems.filter(({ severity }) => severity === 'error');
  const change = describeChange(info);
  if (info.state === 'invalid' && errors.some(({ line }) => line !== null))
    throw new NucleusError('POLICY_INVALID', `correct it first:\n${describeProblems(info.file, errors)}`);
  if (info.state === 'accepted' || info.state === 'none') {
    if (context.json) printJson(context, info);
    note(context, `nothing to accept: ${oneLine(info.file)} judges as it is`);
    return 0;
  }
  const asked = `Let this judge from now on?\n${change}`;
  const after = await personApi(context, open, asked, options).policy.accept({ version: info.version });
  if (context.json) printJson(context, after);
  note(context, `${oneLine(after.file)} is accepted and judges as it is`);
  return 0;
}
