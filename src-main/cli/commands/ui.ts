import { NucleusError } from '../../../src-shared/errors.ts';
import { systemClock } from '../../gateway/clock.ts';
import { rememberSession } from '../../gateway/storage/session-env.ts';
import type { Context } from '../context.ts';
import { openPrivately } from '../open-browser.ts';
import { note, print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import { createDoor, type OpenLine } from '../ui/door.ts';
import { findPages } from '../ui/pages.ts';
import { openUiServer, type UiServer } from '../ui/ui-server.ts';

export type UiOptions = { readonly port?: string; readonly browser?: boolean };

/** `nucleus ui`: the app's window in a browser, for as long as the command runs. */
export const ui: CommandSpec = {
  define(command) {
    command
      .option('--port <number>', 'listen on this port of 127.0.0.1 instead of any free one')
      .option('--no-browser', 'only print the link');
  },
  async run(context, _args, options: UiOptions) {
    const port = readPort(options.port);
    rememberSession(context.paths, context.env);
    const pages = await findPages(context);
    const open = createDoor(context);
    await withProgress(context, 'Reaching the gateway …', checkGateway(open));
    const server = await openUiServer({
      port,
      pages,
      open,
      clock: systemClock,
      onOpened: () => note(context, 'Opened in a browser. Press Enter for another link, Ctrl-C to end.'),
    });
    try {
      await offer(context, server, options.browser !== false);
      await untilEnded(context, server);
    } finally {
      await server.close();
    }
    return 0;
  },
};

function readPort(text: string | undefined): number {
  const port = Number(text ?? 0);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text !== '') return port;
  throw new NucleusError('USAGE', `--port ${text} is no port; give a number from 1 to 65535`);
}

/** One that runs since before an upgrade tells nobody what changes. */
async function checkGateway(open: OpenLine): Promise<void> {
  const { api, close } = await open();
  try {
    await api.gateway.watch({ since: null });
  } catch (error) {
    if (!(error instanceof NucleusError) || error.code !== 'METHOD_UNKNOWN') throw error;
    throw new NucleusError(
      'GATEWAY_VERSION',
      'the running gateway is older than this command; run nucleus stop, nucleus start, and try again',
    );
  } finally {
    close();
  }
}

async function offer(context: Context, server: UiServer, browser: boolean): Promise<void> {
  const link = server.makeLink();
  if (context.json) printJson(context, { url: link });
  else {
    note(context, 'Open this link within two minutes; it works once:');
    print(context, link);
  }
  if (!browser) return;
  try {
    await openPrivately(new URL(link), context.env);
  } catch {
    note(context, 'No browser could be opened here; open the link yourself.');
  }
}

/** Ctrl-C, or a signal, ends it; Enter prints another link. The end of stdin means only that nobody types. */
async function untilEnded(context: Context, server: UiServer): Promise<void> {
  const { stdin } = context;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const onData = (chunk: Buffer): void => {
    if (chunk.includes(0x0a)) void offer(context, server, false);
  };
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  if (context.input) stdin.on('data', onData);
  await promise;
  stdin.off('data', onData).pause();
  process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', end);
}
