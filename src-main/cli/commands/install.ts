import { resolve } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { hostNames } from '../../../src-shared/host-names.ts';
import { recipeFor, recipeNames } from '../../gateway/hosts/recipes.ts';
import { checkStableShim, writeStableShim } from '../../gateway/hosts/stable-shim.ts';
import { writePrivateFile } from '../../gateway/storage/files.ts';
import { claudeMdBlock, writeClaudeMd } from '../claude-md.ts';
import type { Context } from '../context.ts';
import { placeOf, readHostName } from '../hosts.ts';
import { installHosts } from '../install-hosts.ts';
import { note, print, printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type InstallOptions = {
  readonly print?: boolean;
  readonly scope?: string;
  readonly claudeMd?: string | true;
  readonly bundle?: string;
  readonly yes?: boolean;
};

/** `nucleus install`: makes clients start `nucleus serve`. */
export const install: CommandSpec = {
  define(command) {
    command
      .argument('[client]', `${hostNames.join(', ')}; without it every one that is installed here`)
      .option('--yes', 'write without asking')
      .option('--print', 'write nothing; print the entry, for many more clients too')
      .option('--scope <scope>', 'with claude-code: user, local or project, as claude mcp add has it')
      .option('--bundle <file>', 'write an extension (.mcpb) that Claude Desktop installs by itself')
      .option(
        '--claude-md [file]',
        'write hints on using several accounts into CLAUDE.md, or the file named',
      );
  },
  async run(context, [client], options: InstallOptions) {
    const isPrinted = options.print === true;
    if (options.claudeMd !== undefined) return writeHints(context, options.claudeMd, isPrinted);
    if (options.bundle !== undefined) return writeBundle(context, options.bundle);
    if (isPrinted) return printRecipe(context, client);
    const name = client === undefined ? null : readHostName(client);
    if (client !== undefined && name === null) throw notWritten(context, client);
    return installHosts(context, name, { scope: options.scope ?? null, yes: options.yes === true });
  },
};

function printRecipe(context: Context, client: string | undefined): number {
  // The entry names this file, so it has to be there before the first start.
  writeStableShim(context.paths, context.resources);
  if (client === undefined) {
    printJson(context, { mcpServers: { nucleus: { command: context.paths.shim, args: ['serve'] } } });
    return 0;
  }
  const recipe = recipeFor(readHostName(client) ?? client, placeOf(context));
  if (recipe === null) throw unknown(client);
  if (context.json) printJson(context, recipe);
  else print(context, recipe.text.trimEnd());
  note(context, `For ${recipe.title}, into ${recipe.file}`);
  return 0;
}

/** A client whose file is not ours to write, or none anybody knows. */
function notWritten(context: Context, client: string): NucleusError {
  const recipe = recipeFor(client, placeOf(context));
  if (recipe === null) return unknown(client);
  return new NucleusError(
    'USAGE',
    `Nucleus does not write the file of ${recipe.title} itself; nucleus install ${client} --print shows what to put into ${recipe.file}`,
  );
}

function unknown(client: string): NucleusError {
  return new NucleusError(
    'USAGE',
    `unknown client "${client}" (supported: claude, ${hostNames.join(', ')}; with --print also ${recipeNames.join(', ')})`,
  );
}

function writeHints(context: Context, named: string | true, isPrinted: boolean): number {
  if (isPrinted) {
    print(context, claudeMdBlock);
    return 0;
  }
  const file = resolve(context.cwd, named === true ? 'CLAUDE.md' : named);
  const outcome = writeClaudeMd(file, claudeMdBlock);
  if (context.json) printJson(context, { file, changed: outcome === 'written' });
  note(context, outcome === 'same' ? `${file} has the hints already` : `wrote the hints into ${file}`);
  return 0;
}

async function writeBundle(context: Context, named: string): Promise<number> {
  const file = resolve(context.cwd, named);
  if (!file.endsWith('.mcpb'))
    throw new NucleusError(
      'USAGE',
      `--bundle "${named}" does not end in .mcpb, which Claude Desktop goes by`,
    );
  const { paths, resources, version } = context;
  writeStableShim(paths, resources);
  checkStableShim(paths);
  const { makeBundle } = await import('../../gateway/hosts/bundle.ts');
  writePrivateFile(file, makeBundle({ shim: paths.shim, platform: process.platform, version }));
  if (context.json) printJson(context, { file });
  note(context, `wrote ${file}; open it with Claude Desktop (Settings, Extensions), on this computer only`);
  return 0;
}
