import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { writeStableShim } from '../../gateway/hosts/stable-shim.ts';
import type { Context } from '../context.ts';
import { note, printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type InstallOptions = { readonly print?: boolean; readonly scope?: string };

const known = ['claude', 'claude-code', 'claude-desktop'];

/** `nucleus install`: makes a client start `nucleus serve`. */
export const install: CommandSpec = {
  define(command) {
    command
      .argument('[client]', 'claude, claude-code or claude-desktop', 'claude')
      .option('--scope <scope>', 'passed on to claude mcp add')
      .option('--print', 'only print the entry, for any client that reads mcpServers');
  },
  async run(context, [client = 'claude'], options: InstallOptions) {
    if (!known.includes(client)) {
      throw new NucleusError('USAGE', `unknown client "${client}" (supported: claude)`);
    }
    // The entry names this file, so it has to be there before the first start.
    writeStableShim(context.paths, context.resources);
    const claude =
      client === 'claude-desktop' || options.print === true ? null : findOnPath(context, 'claude');
    if (claude !== null) return addToClaude(context, claude, options.scope);
    if (options.print !== true) {
      note(context, `${client}: add this to the mcpServers of its configuration`);
    }
    printJson(context, { mcpServers: { nucleus: { command: context.paths.shim, args: ['serve'] } } });
    return 0;
  },
};

async function addToClaude(context: Context, claude: string, scope: string | undefined): Promise<number> {
  const args = [
    'mcp',
    'add',
    ...(scope === undefined ? [] : ['--scope', scope]),
    'nucleus',
    context.paths.shim,
    'serve',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(claude, args, { stdio: 'inherit' });
    child.once('error', (error) =>
      reject(
        new NucleusError(
          'INTERNAL',
          `${claude} could not be started: ${error.message}`,
          {},
          { cause: error },
        ),
      ),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function findOnPath(context: Context, program: string): string | null {
  const folders = (context.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const files = folders.map((folder) => join(folder, program));
  return files.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Absent or not ours to run: the next folder may have it.
    return false;
  }
}
