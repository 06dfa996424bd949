import { resolve } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { ImportServer } from '../../../src-shared/import.ts';
import { agreed } from '../agree.ts';
import type { Context } from '../context.ts';
import { collect } from '../flags.ts';
import { openImport, type OpenImport } from '../open-import.ts';
import { note, print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import { describePlan, tellResult, tellSources, tellUndone } from '../render-import.ts';

export type ImportOptions = {
  readonly file?: readonly string[];
  readonly only?: readonly string[];
  readonly keepFiles?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly forgetBackups?: boolean;
};

/** `nucleus import`: what a person's clients have already becomes profiles, and our entry takes its place. */
export const importServers: CommandSpec = {
  define(command) {
    command
      .option(
        '--file <path>',
        'a nexus.toml, or another file that names servers (repeatable); it stays as it is',
        collect,
      )
      .option('--only <name>', 'only servers, profiles or connectors of this name (repeatable)', collect)
      .option('--keep-files', 'leave the files of clients as they are')
      .option('--yes', 'do it without asking')
      .option('--dry-run', 'only print what would be done')
      .option('--undo', 'take the last import back: its profiles go, the files are what they were')
      .option('--forget-backups', 'delete the copies of the files, which hold their tokens; ends undo');
  },
  async run(context, args, options: ImportOptions) {
    if (args.length > 0)
      throw new NucleusError('USAGE', 'import takes no words; name a file with --file PATH');
    const acts = [options.undo, options.forgetBackups, options.dryRun].filter((flag) => flag === true);
    if (acts.length > 1)
      throw new NucleusError('USAGE', 'give one of --undo, --forget-backups and --dry-run, not several');
    const open = await openImport(context);
    if (options.undo === true) return undo(context, open, options);
    if (options.forgetBackups === true) return forget(context, open, options);
    return bringIn(context, open, options);
  },
};

async function bringIn(
  context: Context,
  { importing, visit }: OpenImport,
  options: ImportOptions,
): Promise<number> {
  const { signal } = new AbortController();
  const files = (options.file ?? []).map((file) => resolve(context.cwd, file));
  const plan = await visit(async () => importing.handlers.look({ files }, { signal }));
  const servers = plan.servers.filter((server) => isAsked(server, options.only));
  checkAsked(servers, options.only);
  const chosen = servers.filter(({ state }) => state !== 'left').map(({ id }) => id);
  if (options.dryRun === true && context.json) printJson(context, { ...plan, servers });
  if (!context.json) {
    print(context, describePlan(plan, servers));
    tellSources(context, plan, servers);
  }
  if (options.dryRun === true) return 0;
  if (chosen.length === 0) {
    if (context.json) printJson(context, { added: [], failed: [], changed: [] });
    note(context, 'Nothing was changed.');
    return 0;
  }
  const clean = options.keepFiles !== true;
  const question = clean ? 'Import these, and put Nucleus in their place in the files?' : 'Import these?';
  if (!(await agreed(context, options.yes === true, question))) return 0;
  const result = await visit(async () =>
    withProgress(
      context,
      `Importing ${chosen.length} servers …`,
      Promise.resolve(
        importing.handlers.run({ version: plan.version, files, servers: chosen, clean }, { signal }),
      ),
    ),
  );
  if (context.json) printJson(context, result);
  tellResult(context, result);
  return result.failed.length === 0 ? 0 : 1;
}

async function undo(
  context: Context,
  { importing, visit }: OpenImport,
  options: ImportOptions,
): Promise<number> {
  const { signal } = new AbortController();
  if (
    !(await agreed(
      context,
      options.yes === true,
      'Take the last import back, profiles and secrets included?',
    ))
  )
    return 0;
  const undone = await visit(async () => importing.handlers.undo({}, { signal }));
  if (context.json) printJson(context, undone);
  tellUndone(context, undone);
  return 0;
}

async function forget(context: Context, { importing }: OpenImport, options: ImportOptions): Promise<number> {
  if (
    !(await agreed(
      context,
      options.yes === true,
      'Delete the copies of the files? No import can be undone then.',
    ))
  )
    return 0;
  const deleted = importing.forgetCopies();
  if (context.json) printJson(context, { deleted });
  note(context, deleted.length === 0 ? 'There are no copies.' : `Deleted ${deleted.length} of them.`);
  return 0;
}

function isAsked(server: ImportServer, only: readonly string[] | undefined): boolean {
  return only === undefined || only.some((name) => isNamed(server, name));
}

function checkAsked(servers: readonly ImportServer[], only: readonly string[] = []): void {
  const unknown = only.find((name) => !servers.some((server) => isNamed(server, name)));
  if (unknown !== undefined)
    throw new NucleusError(
      'USAGE',
      `--only ${unknown} names none of the servers found; nucleus import --dry-run lists them`,
    );
}

function isNamed({ name, connector, profile }: ImportServer, asked: string): boolean {
  return [name, connector, `${connector}:${profile}`].includes(asked);
}
