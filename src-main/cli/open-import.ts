import { join } from 'node:path';
import type { Api } from '../../src-shared/contract.ts';
import { systemClock } from '../gateway/clock.ts';
import type { Importing } from '../gateway/import/import.ts';
import type { Log } from '../gateway/platform.ts';
import { withApi } from './api.ts';
import type { Context } from './context.ts';
import { openHosts } from './hosts.ts';

/** What goes wrong is the command's own sentence. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface OpenImport {
  readonly importing: Importing;
  /** Runs `work` with the gateway, whichever process is it; between visits a person may think for long. */
  visit<T>(work: () => Promise<T>): Promise<T>;
}

/** An import whose profiles are the gateway's and whose files this process reads and writes. */
export async function openImport(context: Context): Promise<OpenImport> {
  const { createImport } = await import('../gateway/import/import.ts');
  const { createConnectors } = await import('../gateway/profiles/connectors.ts');
  const { paths } = context;
  let api: Api | null = null;
  let http: string | null = null;
  const now = (): Api => {
    if (api === null) throw new Error('the gateway is asked outside of a visit');
    return api;
  };
  const importing = createImport({
    platform: { env: context.env, clock: systemClock, log: silent },
    paths,
    api: {
      profiles: {
        list: (input) => now().profiles.list(input),
        add: (input) => now().profiles.add(input),
        remove: (input) => now().profiles.remove(input),
      },
    },
    connectors: createConnectors({
      builtinFolder: join(context.resources, 'connectors'),
      customFolder: paths.connectors,
      log: silent,
    }),
    hosts: openHosts(context),
    http: () => http,
  });
  return {
    importing,
    visit: (work) =>
      withApi(context, async (open) => {
        ({ api } = open);
        ({ http } = await open.api.gateway.status({}));
        return work().finally(() => (api = null));
      }),
  };
}
