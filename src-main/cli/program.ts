import { Command, CommanderError, Option } from 'commander';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Context, GlobalOptions } from './context.ts';
import { createContext, readVersion } from './context.ts';
import { reportError } from './report.ts';

/** One command: its flags, and what it does with them. Answers the exit code. */
export interface CommandSpec {
  define(command: Command): void;
  run(context: Context, args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<number>;
}

interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly hidden?: boolean;
  /** Loaded when the command is named: `serve` must not pay for the others. */
  load(): Promise<CommandSpec>;
}

const entries: readonly Entry[] = [
  {
    name: 'serve',
    summary: 'speak MCP on stdin and stdout; this is what clients start',
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  {
    name: 'add',
    summary: 'add a profile: one account of a connector',
    load: async () => (await import('./commands/add.ts')).add,
  },
  {
    name: 'sign-in',
    aliases: ['login'],
    summary: 'sign in to the service of a profile, or sign in again',
    load: async () => (await import('./commands/sign-in.ts')).signInCommand,
  },
  {
    name: 'secret',
    summary: 'give a profile another token or password',
    load: async () => (await import('./commands/secret.ts')).secret,
  },
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list the profiles',
    load: async () => (await import('./commands/list.ts')).list,
  },
  {
    name: 'info',
    aliases: ['inspect'],
    summary: 'show profiles and whether their servers answer',
    load: async () => (await import('./commands/info.ts')).info,
  },
  {
    name: 'remove',
    aliases: ['rm', 'delete'],
    summary: 'remove a profile and its secrets',
    load: async () => (await import('./commands/remove.ts')).remove,
  },
  {
    name: 'use',
    summary: 'make a profile the default of its connector',
    load: async () => (await import('./commands/use.ts')).use,
  },
  {
    name: 'pick',
    summary: 'limit a profile to one of what its server lists, such as a project',
    load: async () => (await import('./commands/pick.ts')).pick,
  },
  {
    name: 'connectors',
    summary: 'list the kinds of services there are, or tell about one',
    load: async () => (await import('./commands/connectors.ts')).connectors,
  },
  {
    name: 'tools',
    summary: 'list the tools clients see',
    load: async () => (await import('./commands/tools.ts')).tools,
  },
  {
    name: 'call',
    summary: 'call a tool by the name clients see',
    load: async () => (await import('./commands/call.ts')).call,
  },
  {
    name: 'compare',
    summary: 'call a tool on several profiles and show what differs',
    load: async () => (await import('./commands/compare.ts')).compare,
  },
  {
    name: 'status',
    summary: 'show the gateway; with an id the same as info',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'start',
    summary: 'start the gateway in the background',
    load: async () => (await import('./commands/start.ts')).start,
  },
  {
    name: 'stop',
    summary: 'stop the gateway and keep it stopped',
    load: async () => (await import('./commands/stop.ts')).stop,
  },
  {
    name: 'ui',
    summary: 'open the app’s window in a browser, for a machine without a desktop',
    load: async () => (await import('./commands/ui.ts')).ui,
  },
  {
    name: 'install',
    summary: 'register Nucleus with the clients of this computer',
    load: async () => (await import('./commands/install.ts')).install,
  },
  {
    name: 'uninstall',
    summary: 'take Nucleus out of clients again',
    load: async () => (await import('./commands/uninstall.ts')).uninstall,
  },
  {
    name: 'import',
    summary: 'bring in the servers that clients, or a nexus.toml, name already',
    load: async () => (await import('./commands/import.ts')).importServers,
  },
  {
    name: 'clients',
    summary: 'list clients and whether they are connected; let ones over HTTP in',
    load: async () => (await import('./commands/clients.ts')).clients,
  },
  {
    name: 'workspace',
    summary: 'list, add, remove or trust folders with accounts of their own',
    load: async () => (await import('./commands/workspace.ts')).workspace,
  },
  {
    name: 'resolve',
    summary: 'show which accounts a client sees in a folder, and why',
    load: async () => (await import('./commands/resolve.ts')).resolve,
  },
  {
    name: 'env',
    summary: 'show or set how much depends on a profile: prod, staging, dev or personal',
    load: async () => (await import('./commands/env.ts')).env,
  },
  {
    name: 'policy',
    summary: 'show, check and try the rules of policy.toml, or accept what they allow',
    load: async () => (await import('./commands/policy.ts')).policy,
  },
  {
    name: 'approvals',
    summary: 'list, allow or refuse calls that wait for a person',
    load: async () => (await import('./commands/approvals.ts')).approvals,
  },
  {
    name: 'pin',
    summary: 'set, change or remove the approval PIN',
    load: async () => (await import('./commands/pin.ts')).pin,
  },
  {
    name: 'lock',
    summary: 'refuse every call until you unlock',
    load: async () => (await import('./commands/lock.ts')).lock,
  },
  {
    name: 'unlock',
    summary: 'let calls pass again',
    load: async () => (await import('./commands/unlock.ts')).unlock,
  },
  {
    name: 'vault',
    summary: 'show, move or repair where secrets are kept',
    load: async () => (await import('./commands/vault.ts')).vault,
  },
  {
    name: 'logs',
    summary: 'show the calls that were made',
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    name: 'doctor',
    summary: 'check this installation and say how to fix it',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'gateway',
    summary: 'be the gateway, in the foreground',
    hidden: true,
    load: async () => (await import('./commands/gateway.ts')).gateway,
  },
];

/** Runs one command line and answers its exit code; every failure has been reported when it returns. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const outcome = { code: 0 };
  try {
    const program = createProgram(outcome);
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(withoutHelpCommand(argv), { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Read from the words, not from parsed options: they may be what could not be parsed.
    return reportError(asUsage(error), { json: argv.includes('--json'), stderr: process.stderr });
  }
}

function createProgram(outcome: { code: number }): Command {
  const program = new Command('nucleus');
  program
    .description('One local MCP gateway for all your accounts and all your clients.')
    .version(`nucleus ${readVersion()}`, '--version', 'print the version')
    .helpCommand(false)
    // Else `--arg --json` would lose its value to the global flag of that name.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  addGlobals(program);

  const loaded = new Map<string, CommandSpec>();
  for (const entry of entries) {
    const command = program
      .command(entry.name, { hidden: entry.hidden ?? false })
      .description(`${entry.summary[0]?.toUpperCase()}${entry.summary.slice(1)}.`)
      .summary(entry.summary)
      .aliases(entry.aliases ?? []);
    command.action(async () => {
      const own = command.opts<GlobalOptions & Record<string, unknown>>();
      const context = createContext(mergeGlobals(program.opts<GlobalOptions>(), own));
      outcome.code = (await loaded.get(entry.name)?.run(context, command.args, own)) ?? 0;
    });
  }
  program.hook('preSubcommand', async (_program, command) => {
    const entry = entries.find(({ name }) => name === command.name());
    if (entry === undefined) return;
    const spec = await entry.load();
    loaded.set(entry.name, spec);
    spec.define(command);
    addGlobals(command);
  });
  return program;
}

function addGlobals(command: Command): void {
  const group = 'Global options:';
  command.addOption(new Option('--config <path>', 'another config.toml').helpGroup(group));
  command.addOption(new Option('--json', 'answers and errors as JSON').helpGroup(group));
  command.addOption(new Option('--no-input', 'never ask; what is missing is an error').helpGroup(group));
}

function mergeGlobals(before: GlobalOptions, after: GlobalOptions): GlobalOptions {
  const config = after.config ?? before.config;
  return {
    ...(config === undefined ? {} : { config }),
    json: before.json === true || after.json === true,
    input: before.input !== false && after.input !== false,
  };
}

/** `nucleus help add` means `nucleus add --help`; as a flag it finds the command's own options. */
function withoutHelpCommand(argv: readonly string[]): readonly string[] {
  if (argv[0] !== 'help') return argv;
  return argv[1] === undefined ? ['--help'] : [argv[1], '--help'];
}

function asUsage(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  return new NucleusError('USAGE', error.message.replace(/^error: /, ''));
}
