import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Api } from '../../src-shared/contract.ts';
import { connectControl } from '../../src-main/gateway/downstream/control.ts';
import { readEndpoint, socketPath } from '../../src-main/gateway/storage/endpoint.ts';
import { createPaths, type Paths } from '../../src-main/gateway/storage/paths.ts';
import { readVersion } from '../../src-main/cli/context.ts';
import { openStdioClient, type Command } from './client.ts';
import { freePort, node, root } from './machine.ts';
import { environment, joined } from './proxies.ts';
import { ended, pause, pidsOf, startOnHttp, startOnStdio, startQuietly, untilOpen } from './subject.ts';
import type { Setting, Started, Subject, Upstream } from './subject.ts';

const nucleus = join(root, 'resources', 'bin', 'nucleus');
/** The one account of each connector; it is part of the names of tools. */
const account = 'b';
const listMs = 60_000;

/** Nucleus as people run it: the real command, a state folder with registered profiles, and the audit log on. */
export function createNucleusSubjects(deps: {
  /** State folders of profiles once registered are kept here, to be copied at each start. */
  readonly folder: string;
  /** For the gateway's process only. */
  readonly nodeOptions?: string;
}): { subjects: readonly Subject[]; missing: readonly string[] } {
  const kept = new Map<string, Promise<string>>();
  const gatewayEnv = deps.nodeOptions === undefined ? {} : { NODE_OPTIONS: deps.nodeOptions };

  /** A state folder of this setting's own with its profiles in it. */
  async function home({ folder, upstreams }: Setting): Promise<Home> {
    const key = JSON.stringify(upstreams);
    const first = kept.get(key) ?? register(mkdtempSync(join(deps.folder, 'kept-')), upstreams);
    kept.set(key, first);
    const own = createHome(folder);
    cpSync(await first, own.paths.home, { recursive: true });
    return own;
  }

  const serve = (own: Home, ...args: readonly string[]): Command => ({
    command: nucleus,
    args: ['serve', ...args],
    env: { ...own.env, ...gatewayEnv },
  });

  const standalone: Subject = {
    name: 'ours-standalone',
    about: 'nucleus serve --standalone: gateway and client connection in one process',
    pairs: ['stdio<stdio', 'stdio<http'],
    lists: true,
    call: joined(`_${account}_`),
    async prepare(setting) {
      const own = await home(setting);
      return async () => withAudit(own, await startOnStdio(serve(own, '--standalone')));
    },
  };
  const shim: Subject = {
    ...standalone,
    name: 'ours-shim',
    about: 'nucleus serve: the shim, and the gateway it attaches to',
    async prepare(setting) {
      const own = await home(setting);
      return async () => {
        const gateway = startQuietly({
          command: nucleus,
          args: ['gateway'],
          env: { ...own.env, ...gatewayEnv },
        });
        await untilOpen(gateway, async () => (await control(own)).close());
        const client = await openStdioClient({ command: nucleus, args: ['serve'], env: own.env });
        return withAudit(own, {
          clients: [client],
          roots: pidsOf(client.process, gateway),
          async close() {
            client.close();
            await ended(client.process);
            gateway.kill();
            await ended(gateway);
          },
        });
      };
    },
  };
  const overHttp: Subject = {
    ...standalone,
    name: 'ours-http',
    about: 'nucleus serve --http: clients over loopback HTTP',
    pairs: ['http<stdio'],
    async prepare(setting) {
      const own = await home(setting);
      const address = `127.0.0.1:${await freePort()}`;
      const command = serve(own, '--http', address, '--token', 'none');
      return async () => withAudit(own, await startOnHttp(command, `http://${address}/mcp`));
    },
  };
  const help = spawnSync(nucleus, ['serve', '--help'], { encoding: 'utf8', env: environment() });
  return help.stdout.includes('--http')
    ? { subjects: [standalone, shim, overHttp], missing: [] }
    : {
        subjects: [standalone, shim],
        missing: ['ours-http is left out: nucleus serve does not know --http'],
      };
}

interface Home {
  readonly env: Readonly<Record<string, string>>;
  readonly paths: Paths;
}

function createHome(folder: string): Home {
  const env = {
    ...environment(),
    PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    NUCLEUS_HOME: join(folder, 'state'),
    SHELL: '/bin/sh',
    // A person's own keyring is none of the bench's business.
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'no-bus')}`,
  };
  return { env, paths: createPaths(env) };
}

/** Registers the upstreams as profiles and has them listed once, through a running gateway; answers its state folder. */
async function register(folder: string, upstreams: readonly Upstream[]): Promise<string> {
  const own = createHome(folder);
  mkdirSync(own.paths.home, { mode: 0o700 });
  // As the others list: all there is.
  writeFileSync(own.paths.config, '[surface]\nmode = "expose-all"\n', { mode: 0o600 });
  const gateway = startQuietly({ command: nucleus, args: ['gateway'], env: own.env });
  const { api, close } = await untilOpen(gateway, () => control(own));
  for (const { name, command, args, url } of upstreams)
    await api.profiles.add({
      connector: name,
      name: account,
      connect: false,
      ...(url === null ? { launch: { command, args: [...args] } } : { url }),
    });
  await untilListed(api, upstreams.length);
  await api.gateway.stop({ byPerson: false });
  close();
  await ended(gateway);
  return own.paths.home;
}

async function untilListed(api: Api, count: number): Promise<void> {
  const deadline = performance.now() + listMs;
  for (;;) {
    const { upstreams } = await api.gateway.status({});
    if (upstreams.filter(({ tools }) => tools > 0).length === count) return;
    if (performance.now() > deadline)
      throw new Error(`not all profiles could be listed: ${JSON.stringify(upstreams)}`);
    await pause(20);
  }
}

async function control({ paths }: Home): ReturnType<typeof connectControl> {
  const endpoint = readEndpoint(paths);
  if (!endpoint) throw new Error('it does not listen yet');
  return connectControl(endpoint.socket, readVersion());
}

/** Whatever was measured, calls were on record; else it was not the product. */
function withAudit(own: Home, started: Started): Started {
  return {
    ...started,
    async close() {
      await started.close();
      const socket = socketPath(own.paths, own.env, process.getuid?.() ?? 0);
      rmSync(dirname(socket), { recursive: true, force: true });
      const { audit } = own.paths;
      if (!existsSync(audit) || (statSync(audit).size === 0 && !existsSync(`${audit}.1`)))
        throw new Error('the audit log is empty, so this was not the product as people run it');
    },
  };
}
