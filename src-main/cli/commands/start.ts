import type { Endpoint } from '../../../src-shared/attach.ts';
import { removeIfExists } from '../../gateway/storage/files.ts';
import type { Context } from '../context.ts';
import { findGateway } from '../find-gateway.ts';
import { addLogFlags, logArguments, type LogOptions, logSettings } from '../flags.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import { startGateway } from '../start-gateway.ts';

export type StartOptions = LogOptions & { readonly foreground?: boolean };

/** `nucleus start`: a gateway that stays until it is stopped. */
export const start: CommandSpec = {
  define(command) {
    command.option(
      '--foreground',
      'stay in this terminal until Ctrl-C, for a service manager or to watch the log',
    );
    addLogFlags(command);
  },
  async run(context, _args, options: StartOptions) {
    removeIfExists(context.paths.stopped);
    const running = await findGateway(context.paths);
    if (running !== null) return say(context, running, 'already running');
    if (options.foreground === true) {
      const { runGateway } = await import('./gateway.ts');
      return runGateway(context, { auto: false, flags: logSettings(options) });
    }
    const started = startGateway(context, { auto: false, waitMs: 15_000, args: logArguments(options) });
    return say(context, await withProgress(context, 'Starting the gateway …', started), 'started');
  },
};

function say(context: Context, endpoint: Endpoint, state: 'started' | 'already running'): number {
  if (context.json) printJson(context, { ...endpoint, started: state === 'started' });
  else print(context, `gateway ${state}: pid ${endpoint.pid}, socket ${endpoint.socket}`);
  return 0;
}
