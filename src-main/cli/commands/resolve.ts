import { resolve as absolutePath } from 'node:path';
import type { WorkspaceFile, WorkspaceInfo, WorkspaceProblem } from '../../../src-shared/workspace.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus resolve`: what a client that works in a folder sees, and why. */
export const resolve: CommandSpec = {
  define(command) {
    command.argument('[dir]', 'the folder; without it, this one');
  },
  async run(context, [folder = '.']) {
    return withApi(context, async ({ api }) => {
      const info = await api.workspaces.resolve({ folder: absolutePath(context.cwd, folder) });
      if (context.json) printJson(context, info);
      else print(context, describe(info));
      tell(context, info);
      return 0;
    });
  },
};

function describe({ folder, name, connectors, files }: WorkspaceInfo): string {
  const rows = connectors.flatMap(({ connector, source, hint, bindings }) =>
    bindings.length === 0
      ? [[connector, '-', 'none', source, hint]]
      : bindings.map(({ alias, profile, isDefault, note: remark }) => [
          connector,
          isDefault ? `${alias} (default)` : alias,
          profile,
          source,
          remark === null ? hint : `${hint}; note: ${remark}`,
        ]),
  );
  return [
    `folder: ${oneLine(folder)}${name === null ? '' : ` (workspace ${name})`}`,
    ...files.map(({ path, state }) => `file:   ${oneLine(path)} (${stateWords[state]})`),
    '',
    rows.length === 0 ? 'No profiles.' : table(['CONNECTOR', 'ALIAS', 'PROFILE', 'SOURCE', 'WHY'], rows),
  ].join('\n');
}

const stateWords: Readonly<Record<WorkspaceFile['state'], string>> = {
  trusted: 'trusted, applies',
  changed: 'changed; what was trusted before applies',
  untrusted: 'not trusted, does not apply',
  invalid: 'not readable, does not apply',
  gone: 'removed; what was trusted applies to tokens',
};

function tell(context: Context, { folder, files, problems }: WorkspaceInfo): void {
  for (const { state, hash, problems: own } of files) {
    // Those of a trusted file are among the problems of the folder.
    if (state !== 'trusted') for (const problem of own) warn(context, problem);
    if (hash !== null && (state === 'untrusted' || state === 'changed'))
      note(
        context,
        `To let it apply, when you know what it says: nucleus workspace trust ${oneLine(folder)}`,
      );
  }
  for (const problem of problems) warn(context, problem);
}

function warn(context: Context, { file, line, message, fix }: WorkspaceProblem): void {
  const where = `${file}${line === null ? '' : ` line ${line}`}`;
  note(context, oneLine(`warning: ${where}: ${message}; ${fix}`));
}
