import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AttachLine, AttachView } from '../../../src-shared/attach.ts';
import type { ConfigInput } from '../../../src-shared/config.ts';
import { parseDuration } from '../../../src-shared/duration.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { modes, parseAlwaysOn, parseMode } from '../../../src-shared/modes.ts';
import { readEndpoint } from '../../gateway/storage/endpoint.ts';
import type { Context } from '../context.ts';
import { findGateway, pause } from '../find-gateway.ts';
import { addLogFlags, collect, logArguments, type LogOptions, logSettings, readProfile } from '../flags.ts';
import { note } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import type { Attachment } from '../shim.ts';
import { attach } from '../shim.ts';

export type ServeOptions = LogOptions & {
  readonly mode?: string;
  readonly alwaysOn?: readonly string[];
  readonly profile?: readonly string[];
  readonly client?: string;
  readonly standalone?: boolean;
  readonly servers?: string;
  readonly http?: string;
  readonly token?: string;
  readonly callTimeout?: string;
};

/** How long a client waits for a gateway that has to be started. */
const attachTimeout = 20_000;

/** `nucleus serve`: what client entries name. stdout belongs to the protocol, all words go to stderr. */
export const serve: CommandSpec = {
  define(command) {
    command
      .option('--mode <mode>', `how many tools are shown: ${modes.join(', ')}`)
      .option(
        '--always-on <connector:alias>',
        'with --mode hybrid: show this account as well (repeatable; commas separate several)',
        collect,
      )
      .option('--profile <id[=alias]>', 'show this profile only, under an alias (repeatable)', collect)
      .option('--client <key>', 'the client key that install wrote into the entry')
      .option('--standalone', 'be the gateway in this process instead of attaching to one')
      .option('--servers <file>', 'serve the mcpServers of this JSON file, without any state')
      .option('--http <host:port>', 'be the gateway in the foreground and listen on HTTP too')
      .option('--token <none>', 'with --http: ask for no client token; for tests on this machine')
      .option('--call-timeout <duration>', 'longest call, e.g. 90s; with --servers, --standalone or --http');
    addLogFlags(command);
  },
  async run(context, _args, options: ServeOptions) {
    const view = readView(options);
    const line = createLine(context, options, view);
    checkToken(options);
    const flags = readFlags(options);
    if (options.servers !== undefined) {
      const { serveFile } = await import('../standalone.ts');
      return serveFile(context, resolve(context.cwd, options.servers), { flags, line, http: options.http });
    }
    if (options.callTimeout !== undefined && options.standalone !== true && options.http === undefined) {
      note(context, 'note: --call-timeout is ignored; [upstream] call_timeout in config.toml says it');
    }
    if (options.http !== undefined) {
      const { runGateway } = await import('./gateway.ts');
      const token = options.token === 'none' ? 'none' : 'clients';
      return runGateway(context, { auto: false, flags, http: { listen: options.http, token } });
    }
    if (options.standalone === true) {
      const { serveStandalone } = await import('../standalone.ts');
      return serveStandalone(context, flags, line);
    }
    const { mode, alwaysOn } = line.view ?? {};
    if (alwaysOn && mode !== undefined && mode !== 'hybrid' && mode !== 'auto')
      note(context, `warning: --always-on is for mode hybrid; in mode ${mode} it changes nothing`);
    const logFlags = logArguments(options);
    const attachment = await attachOrStart(context, line, logFlags);
    for (const sentence of attachment.notes) note(context, sentence);
    note(context, `attached to gateway pid=${attachment.pid} socket=${attachment.socketPath}`);
    const { relay } = await import('../relay.ts');
    return relay(context, attachment.socket, async () => {
      await awaitSuccessor(context);
      return (await attachOrStart(context, line, logFlags)).socket;
    });
  },
};

/** A token in a command line could be read by every program of the machine, so there is only one thing to say there. */
function checkToken({ http, token, servers, standalone }: ServeOptions): void {
  if (token !== undefined && token !== 'none')
    throw new NucleusError(
      'USAGE',
      'a token does not belong in a command line, where every program can read it: make one with nucleus clients add NAME; --token takes only none',
    );
  if (token !== undefined && http === undefined) throw new NucleusError('USAGE', '--token belongs to --http');
  if (http !== undefined && standalone === true)
    throw new NucleusError('USAGE', '--http and --standalone are two ways to serve; choose one');
  if (http !== undefined && servers !== undefined && token !== 'none')
    throw new NucleusError(
      'USAGE',
      'a file of servers has no clients whose token could be asked for; say --token none to let every program of this machine in',
    );
}

/** How long a gateway that closed in order has to be followed by the one it made room for. */
const successorTimeout = 2_000;

/**
 * A gateway that closed in order took its address away, most likely for another one that is just opening (the app):
 * that one is waited for before a new one is started in its way. One that crashed left the address behind.
 */
async function awaitSuccessor({ paths }: Context): Promise<void> {
  const deadline = Date.now() + successorTimeout;
  while (readEndpoint(paths) === null && !existsSync(paths.stopped) && Date.now() < deadline) await pause(50);
}

async function attachOrStart(
  context: Context,
  line: AttachLine,
  logFlags: readonly string[],
): Promise<Attachment & { readonly socketPath: string }> {
  const deadline = Date.now() + attachTimeout;
  let isOurs = false;
  for (;;) {
    const endpoint = readEndpoint(context.paths);
    const attachment = endpoint && (await attach(endpoint, line));
    if (endpoint && attachment) {
      if (context.config?.namedBy === '--config' && !isOurs) {
        note(context, 'note: --config is ignored; the running gateway has read its own');
      }
      if (logFlags.length > 0 && !isOurs) {
        note(context, `note: ${logFlags[0]} is ignored; the running gateway logs as it was told`);
      }
      return { ...attachment, socketPath: endpoint.socket };
    }
    if (existsSync(context.paths.stopped)) {
      throw new NucleusError('GATEWAY_STOPPED', 'Nucleus was stopped by you; run nucleus start');
    }
    const waitMs = deadline - Date.now();
    if (waitMs <= 0) {
      throw new NucleusError(
        'GATEWAY_UNREACHABLE',
        'no gateway could be attached to within 20 seconds; see nucleus doctor',
      );
    }
    if (endpoint && (await findGateway(context.paths))) {
      // It listens and yet let go of us: it is closing, and starting another one has to wait for that anyway.
      await pause(100);
      continue;
    }
    const { startGateway } = await import('../start-gateway.ts');
    const { withProgress } = await import('../progress.ts');
    await withProgress(
      context,
      'Starting the gateway …',
      startGateway(context, { auto: true, waitMs, args: logFlags }),
    );
    isOurs = true;
  }
}

/** What a gateway in this process is told by flags; of the time, checked before anything starts. */
function readFlags(options: ServeOptions): ConfigInput {
  if (options.callTimeout === undefined) return logSettings(options);
  parseDuration(options.callTimeout);
  return { ...logSettings(options), upstream: { call_timeout: options.callTimeout } };
}

function createLine(context: Context, options: ServeOptions, view: AttachView): AttachLine {
  return {
    nucleus: 1,
    version: context.version,
    role: 'client',
    cwd: context.cwd,
    ...(options.client === undefined ? {} : { client: options.client }),
    view,
  };
}

function readView(options: ServeOptions): AttachView {
  return {
    ...(options.mode === undefined ? {} : { mode: parseMode(options.mode) }),
    ...(options.alwaysOn === undefined ? {} : { alwaysOn: readPins(options.alwaysOn) }),
    ...(options.profile === undefined ? {} : { profiles: options.profile.map(readProfile) }),
  };
}

/** As the original takes them: repeated, or separated by commas. */
function readPins(given: readonly string[]): readonly string[] {
  return given
    .flatMap((text) => text.split(','))
    .map((text) => {
      const { connector, alias } = parseAlwaysOn(text);
      return `${connector}:${alias}`;
    });
}
