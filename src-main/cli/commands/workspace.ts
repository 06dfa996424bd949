import { Argument } from 'commander';
import { resolve as absolutePath } from 'node:path';
import type { Api } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { WorkspaceInfo } from '../../../src-shared/workspace.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, oneLine, print, printJson, table } from '../output.ts';
import { personApi, systemFlag, type PersonOptions } from '../person.ts';
import type { CommandSpec } from '../program.ts';
import { forgetQuestion, toForget, toTrust, trustQuestion } from '../trust-questions.ts';

/** `nucleus workspace`: folders with an address of their own, and which of their files a person trusts. */
export const workspace: CommandSpec = {
  define(command) {
    command
      .addArgument(
        new Argument(
          '[action]',
          'list, add, remove, trust (lets a workspace file apply), forget (takes that back)',
        )
          .choices(['list', 'add', 'remove', 'trust', 'forget'])
          .default('list'),
      )
      .argument('[dir]', 'the folder; with remove: its name')
      .argument('[name]', 'with add: what it is called in its address')
      .option(...systemFlag);
  },
  async run(context, [action = 'list', target, name], options: PersonOptions) {
    if (action === 'list' && target !== undefined)
      throw new NucleusError('USAGE', 'nucleus workspace list takes no folder');
    if (action !== 'add' && name !== undefined)
      throw new NucleusError('USAGE', `nucleus workspace ${action} takes no name beside the folder`);
    if ((action === 'add' || action === 'remove') && target === undefined)
      throw new NucleusError(
        'USAGE',
        `say which: nucleus workspace ${action} ${action === 'add' ? 'DIR' : 'NAME'}`,
      );
    const folder = absolutePath(context.cwd, target ?? '.');
    if (action === 'trust' || action === 'forget') return askPerson(context, action, folder, options);
    return withApi(context, async ({ api }) => {
      if (action === 'list') return list(context, api);
      if (action === 'remove') return remove(context, api, target ?? '');
      const added = await api.workspaces.add({ folder, name: name ?? null });
      if (context.json) printJson(context, added);
      else print(context, added.url ?? `/w/${added.name}/mcp`);
      note(context, `${oneLine(added.folder)} is workspace ${added.name} now`);
      if (added.url === null)
        note(context, 'Its address is complete when a gateway listens for HTTP: nucleus start');
      return 0;
    });
  },
};

async function askPerson(
  context: Context,
  act: 'trust' | 'forget',
  folder: string,
  options: PersonOptions,
): Promise<number> {
  return withApi(context, async (open) => {
    // As a token sees it that is bound to the folder: what was trusted before is no reason not to ask again.
    const info = await open.api.workspaces.resolve({ folder, isBound: true });
    const file = act === 'trust' ? toTrust(info) : toForget(info);
    const asked = act === 'trust' ? trustQuestion(file) : forgetQuestion(file);
    const { workspaces } = personApi(context, open, asked, options);
    if (act === 'trust') await workspaces.trust({ file: file.path, hash: file.hash ?? '' });
    else await workspaces.forget({ file: file.path });
    if (context.json) printJson(context, { file: file.path, isDone: true });
    const path = oneLine(file.path);
    note(context, act === 'trust' ? `${path} is trusted and applies` : `${path} is trusted no more`);
    return 0;
  });
}

async function list(context: Context, api: Api): Promise<number> {
  const known = await api.workspaces.list({});
  if (context.json) printJson(context, known);
  if (known.length === 0)
    note(context, 'No workspaces yet. Make a folder one with: nucleus workspace add <dir>');
  else if (!context.json)
    print(context, table(['NAME', 'FOLDER', 'FILE', 'CLIENTS', 'URL'], known.map(rowOf)));
  return 0;
}

async function remove(context: Context, api: Api, name: string): Promise<number> {
  const answer = await api.workspaces.remove({ name });
  if (!answer.removed)
    throw new NucleusError(
      'WORKSPACE_UNKNOWN',
      `there is no workspace "${name}"; nucleus workspace lists them`,
    );
  if (context.json) printJson(context, answer);
  note(context, `removed workspace ${name}; its folder and its file are as they were`);
  return 0;
}

function rowOf({ name, folder, files, clients, url }: WorkspaceInfo): string[] {
  return [name ?? '-', folder, files[0]?.state ?? '-', String(clients), url ?? '-'];
}
