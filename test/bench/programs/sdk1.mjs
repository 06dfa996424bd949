// A pass-through as the first SDK's own documentation has it: its Server in front, one of its Clients per upstream.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const upstreams = new Map();
const ready = Promise.all(config.upstreams.map(open));

async function open({ name, command, args, url }) {
  const client = new Client({ name: 'sdk1', version: '1.0.0' });
  await client.connect(await transportTo(command, args, url));
  const { tools } = await client.listTools();
  upstreams.set(name, { client, tools: tools.map((tool) => ({ ...tool, name: `${name}__${tool.name}` })) });
}

async function transportTo(command, args, url) {
  if (url) {
    const { StreamableHTTPClientTransport } =
      await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    return new StreamableHTTPClientTransport(new URL(url));
  }
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  return new StdioClientTransport({ command, args, stderr: 'ignore' });
}

function createFront() {
  const server = new Server({ name: 'sdk1', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, async () => {
    await ready;
    return { tools: [...upstreams.values()].flatMap(({ tools }) => tools) };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    await ready;
    const [name, tool] = params.name.split('__');
    return upstreams.get(name).client.callTool({ name: tool, arguments: params.arguments });
  });
  return server;
}

if (config.front === 'stdio') {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  await createFront().connect(new StdioServerTransport());
  process.stdin.on('end', () => process.exit());
} else {
  const { StreamableHTTPServerTransport } =
    await import('@modelcontextprotocol/sdk/server/streamableHttp.js');
  const sessions = new Map();
  const begin = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await createFront().connect(transport);
    return transport;
  };
  const answer = async (request, response) => {
    const transport = sessions.get(request.headers['mcp-session-id']) ?? (await begin());
    await transport.handleRequest(request, response);
  };
  createServer((request, response) => void answer(request, response)).listen(config.port, '127.0.0.1');
}
