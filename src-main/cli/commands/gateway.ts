import type { Config, ConfigInput } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Host } from '../../gateway/host.ts';
import { hostGateway } from '../../gateway/host.ts';
import { createLog } from '../../gateway/log.ts';
import type { Context } from '../context.ts';
import { findGateway } from '../find-gateway.ts';
import { addLogFlags, type LogOptions, logSettings } from '../flags.ts';
import { createNodePlatform } from '../node-platform.ts';
import { note } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import { readConfig } from '../read-config.ts';

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

/** Is the gateway until it is told to end; content when another process already is. */
export async function runGateway(
  context: Context,
  options: { auto: boolean; flags: ConfigInput },
): Promise<number> {
  process.umask(0o077);
  const config = readConfig(context, options.flags);
  const deadline = Date.now() + lockTimeout;
  for (;;) {
    try {
      const host = await openHost(context, config, options.auto);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void host.close());
      await host.closed;
      return 0;
    } catch (error) {
      if (!(error instanceof NucleusError) || error.code !== 'GATEWAY_BUSY') throw error;
      const other = await findGateway(context.paths);
      if (other === null && Date.now() < deadline) continue;
      if (other === null) throw error;
      note(context, `already running (pid ${other.pid})`);
      return 0;
    }
  }
}

function openHost(context: Context, config: Config, idleExit: boolean): Promise<Host> {
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
    idleExit,
    config,
  });
}
