// As sdk1.mjs, with the second SDK. Its front over node:http is a package of its own, so here it only speaks stdio.
import { readFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const upstreams = new Map();
const ready = Promise.all(config.upstreams.map(open));

async function open({ name, command, args, url }) {
  const client = new Client({ name: 'sdk2', version: '1.0.0' });
  await client.connect(
    url
      ? new StreamableHTTPClientTransport(new URL(url))
      : new StdioClientTransport({ command, args, stderr: 'ignore' }),
  );
  const { tools } = await client.listTools();
  upstreams.set(name, { client, tools: tools.map((tool) => ({ ...tool, name: `${name}__${tool.name}` })) });
}

const server = new Server({ name: 'sdk2', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/list', async () => {
  await ready;
  return { tools: [...upstreams.values()].flatMap(({ tools }) => tools) };
});
server.setRequestHandler('tools/call', async ({ params }) => {
  await ready;
  const [name, tool] = params.name.split('__');
  return upstreams.get(name).client.callTool({ name: tool, arguments: params.arguments });
});
await server.connect(new StdioServerTransport());
process.stdin.on('end', () => process.exit());
