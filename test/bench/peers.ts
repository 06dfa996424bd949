import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, node, root } from './machine.ts';
import { environment, joined } from './proxies.ts';
import { openSseClient } from './sse-client.ts';
import { startOnHttp, startOnStdio } from './subject.ts';
import type { Setting, Subject } from './subject.ts';

/** Pinned: figures of another version are other figures. */
const versions = { 'mcp-hub': '4.2.1', 'mcp-hub-mcp': '1.3.1', 'mcp-broker': '0.3.0' } as const;
/** The SQLite that mcp-broker asks for has to be built; this one brings its binary and serves it as well. */
const overrides = { 'better-sqlite3': '13.2.0' } as const;
const folder = join(root, '.cache', 'peers');
const fetchMs = 5 * 60_000;

/** Other people's gateways that hold several upstreams. Fetched when asked for, never part of an install. */
export const peers: readonly Subject[] = [
  {
    name: 'mcp-hub',
    about: `mcp-hub ${versions['mcp-hub']}, clients over the old HTTP+SSE transport`,
    pairs: ['http<stdio'],
    lists: true,
    call: joined('__'),
    async prepare(setting) {
      const port = await freePort();
      const args = ['--port', String(port), '--config', serversFile(setting, 'servers.json')];
      const command = {
        command: node,
        args: [inPeer('mcp-hub/dist/cli.js'), ...args],
        env: ownHome(setting),
      };
      return () => startOnHttp(command, `http://127.0.0.1:${port}/mcp`, openSseClient);
    },
  },
  {
    name: 'mcp-hub-mcp',
    about: `mcp-hub-mcp ${versions['mcp-hub-mcp']}, reached through one tool of its own`,
    pairs: ['stdio<stdio'],
    lists: false,
    call: (serverName, toolName, toolArgs) => ({
      name: 'call-tool',
      arguments: { serverName, toolName, toolArgs },
    }),
    async prepare(setting) {
      const args = ['--config-path', serversFile(setting, 'servers.json')];
      const command = {
        command: node,
        args: [inPeer('mcp-hub-mcp/dist/index.js'), ...args],
        env: ownHome(setting),
      };
      return () => startOnStdio(command);
    },
  },
  {
    name: 'mcp-broker',
    about: `mcp-broker ${versions['mcp-broker']}, reached through one tool of its own`,
    pairs: ['stdio<stdio'],
    lists: false,
    call: (server, tool, args) => ({
      name: 'call_tools',
      arguments: { invocations: [{ server_name: server, tool_name: tool, arguments: args }] },
    }),
    async prepare(setting) {
      serversFile(setting, 'servers.json');
      const env = { ...ownHome(setting), MCP_BROKER_HOME: setting.folder };
      return () => startOnStdio({ command: node, args: [inPeer('mcp-broker/dist/index.js'), 'serve'], env });
    },
  },
];

/** Installs the peers into .cache/peers, without running anything of theirs, unless they are there. */
export async function fetchPeers(say: (text: string) => void): Promise<void> {
  const manifest = JSON.stringify({ private: true, dependencies: versions, overrides });
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === manifest) return;
  say(`fetching ${Object.keys(versions).join(', ')} into ${folder}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), manifest);
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  await promisify(execFile)('npm', args, { cwd: folder, timeout: fetchMs });
  writeFileSync(stamp, manifest);
}

function inPeer(path: string): string {
  return join(folder, 'node_modules', path);
}

/** The upstreams in the shape that clients made common. */
function serversFile({ folder: own, upstreams }: Setting, name: string): string {
  const file = join(own, name);
  const mcpServers = Object.fromEntries(
    upstreams.map(({ name: server, command, args }) => [server, { command, args, env: {} }]),
  );
  writeFileSync(file, JSON.stringify({ mcpServers }));
  return file;
}

/** They keep state and caches wherever these point. */
function ownHome({ folder: own }: Setting): Record<string, string> {
  return { ...environment(), HOME: own, XDG_CONFIG_HOME: own, XDG_DATA_HOME: own, XDG_STATE_HOME: own };
}
