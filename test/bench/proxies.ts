import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHttpClient, openStdioClient, type Client, type Command, type StdioClient } from './client.ts';
import { freePort, node, program } from './machine.ts';
import { ended, pidsOf, startOnHttp, startOnStdio, startQuietly, untilOpen } from './subject.ts';
import type { Pair, Setting, Subject } from './subject.ts';

/** What the bench compares with: no gateway at all, the floor, and the two SDKs used plainly. */
export const proxies: readonly Subject[] = [
  {
    name: 'direct',
    about: 'no gateway: one client per upstream',
    pairs: ['stdio<stdio', 'stdio<http'],
    lists: true,
    call: (_upstream, name, args) => ({ name, arguments: args }),
    async prepare({ upstreams }) {
      return async () => {
        const clients = await Promise.all(
          upstreams.map(({ url, command, args }): Promise<Client | StdioClient> =>
            url === null ? openStdioClient({ command, args, env: environment() }) : openHttpClient(url),
          ),
        );
        const children = clients.flatMap((client) => ('process' in client ? [client.process] : []));
        return {
          clients,
          roots: [],
          async close() {
            for (const client of clients) client.close();
            await Promise.all(children.map(ended));
          },
        };
      };
    },
  },
  proxy('floor-json', 'parses and writes anew every message, without a library', 'floor'),
  {
    ...proxy('floor-shim', 'the floor behind a unix socket and a shim that copies bytes', 'floor'),
    pairs: ['stdio<stdio'],
    async prepare(setting) {
      const socket = join(setting.folder, 's');
      const command = configured('floor', setting, { front: 'socket', socket });
      return async () => {
        const gateway = startQuietly(command);
        const shim = { command: node, args: [program('shim'), socket], env: environment() };
        const client = await untilOpen(gateway, () => openStdioClient(shim));
        return {
          clients: [client],
          roots: pidsOf(client.process, gateway),
          async close() {
            client.close();
            gateway.kill();
            await Promise.all([ended(client.process), ended(gateway)]);
          },
        };
      };
    },
  },
  proxy('sdk1', '@modelcontextprotocol/sdk, its Server and Client', 'sdk1'),
  proxy('sdk2', '@modelcontextprotocol/server and client', 'sdk2', ['stdio<stdio', 'stdio<http']),
];

/** Programs are found by absolute paths; nothing else of the environment may make a difference. */
export function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8' };
}

/** Calls of a gateway that puts the upstream's name before the tool's. */
export function joined(separator: string): Subject['call'] {
  return (upstream, tool, args) => ({ name: `${upstream}${separator}${tool}`, arguments: args });
}

function proxy(
  name: string,
  about: string,
  file: string,
  of: readonly Pair[] = ['stdio<stdio', 'http<stdio', 'stdio<http'],
): Subject {
  return {
    name,
    about,
    pairs: of,
    lists: true,
    call: joined('__'),
    async prepare(setting) {
      if (setting.pair !== 'http<stdio') {
        const command = configured(file, setting, { front: 'stdio' });
        return () => startOnStdio(command);
      }
      const port = await freePort();
      const command = configured(file, setting, { front: 'http', port });
      return () => startOnHttp(command, `http://127.0.0.1:${port}/mcp`);
    },
  };
}

function configured(file: string, { folder, upstreams }: Setting, front: object): Command {
  const path = join(folder, 'proxy.json');
  writeFileSync(path, JSON.stringify({ ...front, upstreams }));
  return { command: node, args: [program(file), path], env: environment() };
}
