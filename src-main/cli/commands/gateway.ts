import type { Config, ConfigInput } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Host, HostOptions } from '../../gateway/host.ts';
import { hostGateway } from '../../gateway/host.ts';
import { createLog } from '../../gateway/log.ts';
import type { Context } from '../context.ts';
import { findGateway } from '../find-gateway.ts';
import { addLogFlags, type LogOptions, logSettings } from '../flags.ts';
import { createNodePlatform } from '../node-platform.ts';
import { note } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import { configPlace, readConfig } from '../read-config.ts';

export type GatewayOptions = LogOptions & { readonly auto?: boolean };

/** `nucleus gateway`, hidden: the headless gateway itself, as `start` and `serve` spawn it. */
export const gateway: CommandSpec = {
  define(command) {
    command.option('--auto', 'end after a while without clients');
    addLogFlags(command);
  },
  run: (context, _args, options: GatewayOptions) =>
    runGateway(context, { auto: options.auto === true, flags: logSettings(options) }),
};

const lockTimeout = 30_000;
/** How long to wait for the lock before looking whether its holder is the gateway already. */
const lockTurn = 250;

/** How to be the gateway. */
interface RunOptions {
  readonly auto: boolean;
  readonly flags: ConfigInput;
  /** Where to listen on HTTP, when a person says so. */
  readonly http?: NonNullable<HostOptions['http']>;
}

/**
 * Is the gateway until it is told to end; content when another process already is, unless HTTP was asked for: the
 * other one's is not the one that was meant.
 */
export async function runGateway(context: Context, options: RunOptions): Promise<number> {
  process.umask(0o077);
  const config = readConfig(context, options.flags);
  const signals = heedSignals();
  const deadline = Date.now() + lockTimeout;
  for (;;) {
    try {
      const host = await openHost(context, config, options);
      signals.end(host);
      await host.closed;
      return 0;
    } catch (error) {
      if (!(error instanceof NucleusError) || error.code !== 'GATEWAY_BUSY') throw error;
      if (signals.came()) return 0;
      const other = await findGateway(context.paths);
      if (other === null && Date.now() < deadline) continue;
      if (other === null) throw error;
      if (options.http)
        throw new NucleusError(
          'GATEWAY_BUSY',
          `a gateway is running already (pid ${other.pid}); stop it with nucleus stop, or set http.listen in config.toml`,
        );
      note(context, `already running (pid ${other.pid})`);
      return 0;
    }
  }
}

/** The first signal lets calls under way end, the second does not; one that comes while the gateway opens is not lost. */
function heedSignals(): { came(): boolean; end(host: Host): void } {
  let signals = 0;
  let open: Host | null = null;
  const end = (): void => {
    signals += 1;
    if (open) void (signals > 1 ? open.close() : open.stop());
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  return {
    came: () => signals > 0,
    end(host) {
      open = host;
      if (signals > 0) void host.stop();
    },
  };
}

function openHost(context: Context, config: Config, { auto, flags, http }: RunOptions): Promise<Host> {
  const log = createLog({
    write: (line) => context.stderr.write(line),
    now: Date.now,
    settings: config.log,
  });
  return hostGateway({
    platform: createNodePlatform({ env: context.env, resources: context.resources, log }),
    paths: context.paths,
    version: context.version,
    resources: context.resources,
    listen: true,
    waitMs: lockTurn,
    idleExit: auto,
    http,
    config,
    configPlace: configPlace(context, flags),
    // Loaded with the first command, not with the gateway.
    runCommand: async (command, streams) => {
      const { createCommandRunner } = await import('../handed-command.ts');
      const { resources, paths, runLine } = context;
      return createCommandRunner({ resources, home: paths.home, runLine })(command, streams);
    },
  });
}
