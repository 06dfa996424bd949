import { NucleusError } from '../../../src-shared/errors.ts';
import type { Api, ExposedTool } from '../../../src-shared/contract.ts';
import type { Comparison, ComparisonFailure } from '../../gateway/routing/compare/comparison.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import { renderComparison, wantsColour } from '../render-comparison.ts';
import { reportError } from '../report.ts';
import { readArguments } from './call.ts';

export type CompareOptions = { readonly profiles?: string; readonly args?: string };

/** As `diff` and `cmp` end, for scripts. */
const ends = { same: 0, different: 1, failed: 2 } as const;

/** `nucleus compare`: one tool on several profiles at once, and what differs from the first of them. */
export const compare: CommandSpec = {
  define(command) {
    command
      .argument('<tool>', 'the TOOL or the NAME that nucleus tools prints')
      .requiredOption('--profiles <a,b>', 'two or more; the others are compared with the first')
      .option('--args <json>', 'the arguments as a JSON object; - reads them from stdin', '{}')
      .addHelpText('after', '\nExit codes: 0 all are the same, 1 something differs, 2 it failed.');
  },
  async run(context, [tool = ''], { profiles = '', args }: CompareOptions) {
    try {
      const named = readProfiles(profiles);
      const shared = await readArguments(context, args);
      return await withApi(context, async ({ api }) => {
        const names = await toolNames(api, tool, named, context);
        if (new Set(names).size < names.length)
          throw new NucleusError('USAGE', '--profiles names a profile twice');
        const steps = names.map((name) => ({ name, arguments: shared }));
        const asked = api.tools.call({ name: 'nucleus_call_plan', arguments: { steps, compare: true } });
        const result = await withProgress(context, `Calling ${tool} on ${named.join(', ')} …`, asked);
        return show(context, comparisonIn(result));
      });
    } catch (error) {
      // 1 would say that something differs, and every other number is more than a script asked for.
      reportError(error, context);
      return ends.failed;
    }
  },
};

function show(context: Context, comparison: Comparison | ComparisonFailure): number {
  const { stdout, env } = context;
  if ('error' in comparison) throw new NucleusError('INTERNAL', comparison.error);
  if (context.json) printJson(context, comparison);
  else print(context, renderComparison(comparison, { colour: wantsColour(stdout, env) }));
  if (comparison.not_compared.length > 0) return ends.failed;
  return comparison.profiles.every(({ same }) => same) ? ends.same : ends.different;
}

function comparisonIn(result: Readonly<Record<string, unknown>>): Comparison | ComparisonFailure {
  const { comparison } = (result['structuredContent'] ?? {}) as { comparison?: Comparison };
  if (comparison) return comparison;
  const [first] = (result['content'] ?? []) as readonly { readonly text?: string }[];
  throw new NucleusError('ARGUMENTS_INVALID', first?.text ?? 'the gateway compared nothing');
}

function readProfiles(text: string): string[] {
  const named = text.split(',').map((each) => each.trim());
  if (named.length < 2 || named.includes(''))
    throw new NucleusError('USAGE', '--profiles wants two profiles or more, with commas between them');
  return named;
}

/** The names under which the tool of each profile can be called. */
async function toolNames(
  api: Api,
  wanted: string,
  profiles: readonly string[],
  context: Context,
): Promise<string[]> {
  const asked = Promise.all([api.tools.list({}), api.profiles.list({})]);
  const [{ tools, missing }, known] = await withProgress(context, 'Collecting the tools …', asked);
  const own = tools.find(({ name }) => name === wanted)?.tool ?? wanted;
  const having = tools.filter(({ tool }) => tool === own);
  return profiles.map((named) => {
    const found = having.filter(isOf(named));
    const [only, ...more] = found;
    if (only && more.length === 0) return only.name;
    if (only)
      throw new NucleusError(
        'USAGE',
        `${named} is the name of several profiles; use one of ${found.map(({ profile }) => profile).join(', ')}`,
      );
    if (!known.some(({ id, name }) => id === named || name === named))
      throw new NucleusError('PROFILE_UNKNOWN', `no profile "${named}"; nucleus list shows all`);
    if (missing.some((id) => isOf(named)({ profile: id })))
      throw new NucleusError(
        'TOOL_UNKNOWN',
        `the tools of ${named} are not known, because it could not be started; see nucleus info`,
      );
    throw new NucleusError('TOOL_UNKNOWN', `${named} has no tool "${wanted}"; nucleus tools shows all`);
  });
}

/** A profile is named by its id, or by the part of it that is the profile's own. */
function isOf(named: string): (of: Pick<ExposedTool, 'profile'>) => boolean {
  return ({ profile }) => profile === named || profile.slice(profile.indexOf(':') + 1) === named;
}
