import { resolve } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { hostNames } from '../../../src-shared/host-names.ts';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import type { Hosts, TakenBack } from '../../gateway/hosts/hosts.ts';
import { agreed } from '../agree.ts';
import { writeClaudeMd } from '../claude-md.ts';
import { claudeHasUs, findClaude, readScope, removeArguments, runClaude } from '../claude-mcp.ts';
import type { Context } from '../context.ts';
import { openHosts, readHostName } from '../hosts.ts';
import { note, printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type UninstallOptions = {
  readonly yes?: boolean;
  readonly scope?: string;
  readonly claudeMd?: string | true;
};

/** `nucleus uninstall`: takes back what install did to clients. */
export const uninstall: CommandSpec = {
  define(command) {
    command
      .argument('[client]', `${hostNames.join(', ')}; without it every one that is connected`)
      .option('--yes', 'do it without asking')
      .option('--scope <scope>', 'with claude-code: user, local or project')
      .option('--claude-md [file]', 'take the hints out of CLAUDE.md, or the file named');
  },
  async run(context, [client], options: UninstallOptions) {
    if (options.claudeMd !== undefined) return removeHints(context, options.claudeMd);
    const name = client === undefined ? null : readHostName(client);
    if (client !== undefined && name === null)
      throw new NucleusError('USAGE', `unknown client "${client}" (${hostNames.join(', ')})`);
    const claude = findClaude(context);
    const scope = readScope(options.scope ?? null, { isClaude: name === 'claude-code', claude });
    const hosts = openHosts(context);
    if (scope !== 'user' && claude !== null) return removeFromClaude(context, hosts, claude, scope);

    const found = hosts.list().filter((status) => name === null || status.host === name);
    const connected = found.filter(isTouched);
    if (connected.length === 0) {
      note(context, name === null ? 'no client is connected' : `${found[0]?.title} is not connected`);
      if (context.json) printJson(context, []);
      return 0;
    }
    for (const { title, file, backup } of connected)
      note(context, `${title}: ${file}${backup === null ? '' : ` (copy from before: ${backup})`}`);
    if (!(await agreed(context, options.yes === true, 'Take Nucleus out?'))) return 1;
    const done = connected.flatMap((status) => takeOut(context, hosts, status));
    if (context.json) printJson(context, done);
    return 0;
  },
};

/** Whether there is something of ours in its files, or remembered of them. */
function isTouched({ state, consented, backup }: HostStatus): boolean {
  return state === 'connected' || consented || backup !== null;
}

function takeOut(context: Context, hosts: Hosts, { host, title, state, consented }: HostStatus): TakenBack {
  // An entry somebody else put in is ours to take out only once it is agreed to be ours.
  if (state === 'connected' && !consented) hosts.connect({ host });
  const done = hosts.undo({ host });
  for (const { file, how } of done) note(context, `${title}: ${sentences[how]} (${file})`);
  return done;
}

const sentences = {
  restored: 'the file is byte for byte what it was',
  merged: 'the entry is out; what others wrote since was kept',
  nothing: 'nothing of Nucleus was left in it',
} as const;

async function removeFromClaude(
  context: Context,
  hosts: Hosts,
  claude: string,
  scope: string,
): Promise<number> {
  const status = hosts.list().find(({ host }) => host === 'claude-code');
  if (!status || !claudeHasUs(context, status, scope)) {
    note(context, `Claude Code is not connected in scope ${scope}`);
    return 0;
  }
  return runClaude(context, claude, removeArguments(scope));
}

function removeHints(context: Context, named: string | true): number {
  const file = resolve(context.cwd, named === true ? 'CLAUDE.md' : named);
  const outcome = writeClaudeMd(file, null);
  if (context.json) printJson(context, { file, changed: outcome === 'removed' });
  note(context, outcome === 'removed' ? `took the hints out of ${file}` : `${file} has no hints of Nucleus`);
  return 0;
}
