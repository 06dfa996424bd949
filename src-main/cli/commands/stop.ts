import type { Endpoint } from '../../../src-shared/attach.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { connectControl } from '../../gateway/downstream/control.ts';
import { readEndpoint } from '../../gateway/storage/endpoint.ts';
import { ensurePrivateFolder, writePrivateFile } from '../../gateway/storage/files.ts';
import type { Context } from '../context.ts';
import { findGateway, pause } from '../find-gateway.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';

const stopTimeout = 10_000;

/** `nucleus stop`: ends the gateway; clients start no new one until `nucleus start`. */
export const stop: CommandSpec = {
  define: () => undefined,
  async run(context) {
    // Written before: a client that loses its gateway now must not start the next one.
    ensurePrivateFolder(context.paths.run);
    writePrivateFile(context.paths.stopped, '');
    const endpoint = await findGateway(context.paths);
    if (endpoint !== null) {
      await withProgress(context, 'Stopping the gateway …', stopAndWait(context, endpoint));
    }
    if (context.json) printJson(context, { stopped: endpoint !== null, pid: endpoint?.pid ?? null });
    else print(context, endpoint === null ? 'no gateway is running' : `gateway stopped: pid ${endpoint.pid}`);
    return 0;
  },
};

async function stopAndWait(context: Context, endpoint: Endpoint): Promise<void> {
  const { api, close } = await connectControl(endpoint.socket, context.version);
  try {
    await api.gateway.stop({ byPerson: true });
  } finally {
    close();
  }
  const deadline = Date.now() + stopTimeout;
  while (isSame(readEndpoint(context.paths), endpoint) && (await findGateway(context.paths)) !== null) {
    if (Date.now() >= deadline) {
      throw new NucleusError(
        'GATEWAY_UNREACHABLE',
        `the gateway (pid ${endpoint.pid}) still listens 10 seconds after it was asked to stop`,
      );
    }
    await pause(50);
  }
}

function isSame(now: Endpoint | null, before: Endpoint): boolean {
  return now?.pid === before.pid && now.startedAt === before.startedAt;
}
