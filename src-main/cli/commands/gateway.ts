import { NucleusError } from '../../../src-shared/errors.ts';
import { hostGateway } from '../../gateway/host.ts';
import type { Context } from '../context.ts';
import { findGateway } from '../find-gateway.ts';
import { createLog } from '../log.ts';
import { createNodePlatform } from '../node-platform.ts';
import { note } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type GatewayOptions = { readonly auto?: boolean };

/** `nucleus gateway`, hidden: the headless gateway itself, as `start` and `serve` spawn it. */
export const gateway: CommandSpec = {
  define(command) {
    command.option('--auto', 'end after a while without clients');
  },
  run: (context, _args, options: GatewayOptions) => runGateway(context, { auto: options.auto === true }),
};

/** Is the gateway until it is told to end. */
export async function runGateway(context: Context, options: { auto: boolean }): Promise<number> {
  process.umask(0o077);
  const log = createLog({
    write: (line) => context.stderr.write(line),
    now: Date.now,
    env: context.env,
    fallback: 'info',
  });
  try {
    const host = await hostGateway({
      platform: createNodePlatform({ env: context.env, resources: context.resources, log }),
      paths: context.paths,
      version: context.version,
      resources: context.resources,
      listen: true,
      waitMs: 30_000,
      idleExit: options.auto,
      ...(context.configFile === undefined ? {} : { configFile: context.configFile }),
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void host.close());
    await host.closed;
    return 0;
  } catch (error) {
    const other = await otherGateway(context, error);
    if (other === null) throw error;
    note(context, `already running (pid ${other})`);
    return 0;
  }
}

async function otherGateway(context: Context, error: unknown): Promise<number | null> {
  if (!(error instanceof NucleusError) || error.code !== 'GATEWAY_BUSY') return null;
  return (await findGateway(context.paths))?.pid ?? null;
}
