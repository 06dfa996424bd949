import { NucleusError } from '../../src-shared/errors.ts';
import type { HostName, HostStatus } from '../../src-shared/hosts.ts';
import type { Hosts } from '../gateway/hosts/hosts.ts';
import { agreed } from './agree.ts';
import { addArguments, claudeHasUs, findClaude, readScope, runClaude } from './claude-mcp.ts';
import type { Context } from './context.ts';
import { openHosts } from './hosts.ts';
import { note, printJson, visible } from './output.ts';

/** One client that is not connected, and what connecting it does. */
interface Step {
  readonly status: HostStatus;
  readonly shown: string;
  /** Whether the client's own command does it, which needs no second yes. */
  readonly isItsOwn: boolean;
  /** Answers an exit code. */
  run(): number | Promise<number>;
}

/** Connects one client, or every installed one: shows what would change, asks, writes. Answers the exit code. */
export async function installHosts(
  context: Context,
  name: HostName | null,
  { scope, yes }: { readonly scope: string | null; readonly yes: boolean },
): Promise<number> {
  const hosts = openHosts(context);
  const claude = findClaude(context);
  const readyScope = readScope(scope, { isClaude: name === 'claude-code', claude });
  const found = hosts.list().filter(({ host, state }) => {
    if (name !== null) return host === name;
    return state !== 'not-installed' || (host === 'claude-code' && claude !== null);
  });
  if (found.length === 0)
    note(context, 'no client that Nucleus knows is installed here; for others: nucleus install --print');

  let code = 0;
  const steps: Step[] = [];
  for (const status of found) {
    const isClaude = status.host === 'claude-code' && claude !== null;
    if (isClaude ? claudeHasUs(context, status, readyScope) : status.state === 'connected') {
      // Who asks for it agrees that it is mended, whoever wrote the entry.
      if (status.state === 'connected') hosts.connect({ host: status.host });
      note(context, `${status.title} is connected already (${status.file})`);
    } else if (status.state === 'unreadable') {
      const sentence = status.problem ?? `${status.file} cannot be read`;
      if (name !== null) throw new NucleusError('CONFIG_INVALID', sentence, { path: status.file });
      note(context, `${status.title} is left out: ${visible(sentence)}`);
      code = 1;
    } else if (isClaude && (status.state !== 'changed' || readyScope !== 'user'))
      steps.push(claudeStep(context, hosts, status, { claude, scope: readyScope }));
    else steps.push(fileStep(context, hosts, status));
  }

  for (const { shown } of steps) note(context, shown);
  const isAsked = name === null || steps.some(({ isItsOwn }) => !isItsOwn);
  if (steps.length > 0 && isAsked && !(await agreed(context, yes, 'Write this?'))) return 1;
  for (const step of steps) {
    try {
      code = (await step.run()) || code;
    } catch (error) {
      // One of several need not keep the others from it.
      if (name !== null || !(error instanceof NucleusError)) throw error;
      note(context, `${step.status.title} is not connected: ${visible(error.message)}`);
      code = 1;
    }
  }
  if (context.json) {
    const names = new Set(found.map(({ host }) => host));
    printJson(
      context,
      hosts.list().filter(({ host }) => names.has(host)),
    );
  }
  return code;
}

function fileStep(context: Context, hosts: Hosts, status: HostStatus): Step {
  const { host, title, state, file, preview } = status;
  const isLost = state === 'missing' && status.consented;
  return {
    status,
    isItsOwn: false,
    shown: [
      `${title}: ${file}${isLost ? ', which has lost the entry' : ''}`,
      visible(preview).trimEnd(),
      `A copy of the file is kept in ${context.paths.hosts}; nucleus uninstall ${host} takes it back.`,
      '',
    ].join('\n'),
    run() {
      const { changed } = hosts.connect({ host });
      const copies = changed.map(({ backup }) => backup).join(', ');
      note(context, `${title} is connected${copies && ` (copy: ${copies})`}; ${restart(host)}`);
      return 0;
    },
  };
}

function claudeStep(
  context: Context,
  hosts: Hosts,
  status: HostStatus,
  { claude, scope }: { readonly claude: string; readonly scope: string },
): Step {
  const args = addArguments(context.paths.shim, scope);
  return {
    status,
    isItsOwn: true,
    shown: `${status.title}: ${claude} ${args.join(' ')}`,
    async run() {
      hosts.check();
      const code = await runClaude(context, claude, args);
      if (code !== 0) {
        note(context, `${status.title} is not connected: claude mcp add ended with ${code}`);
        return code;
      }
      const isThere = hosts.list().some(({ host, state }) => host === 'claude-code' && state === 'connected');
      // So that it is mended when it gets lost; the entry itself is there.
      if (isThere) hosts.connect({ host: 'claude-code' });
      note(context, `${status.title} is connected; ${restart('claude-code')}`);
      return 0;
    },
  };
}

/** When a client reads its file again. */
function restart(host: HostName): string {
  if (host === 'claude-desktop') return 'quit it, from the tray too, and start it again';
  return host === 'claude-code' || host === 'codex' || host === 'gemini'
    ? 'sessions you start from now on have it'
    : 'restart it';
}
