// The practical floor: what a gateway in Node costs that parses each message, looks where it goes, and writes it anew.
// No library, no policy, no audit, no limits, no errors worth the name. `floor.mjs CONFIG` (see proxies in subjects.ts).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, open(upstream)]));

/** The list of all, serialised once. */
const listed = Promise.all([...upstreams].map(([name, upstream]) => toolsOf(name, upstream))).then((tools) =>
  JSON.stringify({ tools: tools.flat() }),
);

/** One upstream as a function: a message without id goes in, its answer comes out. */
function open({ command, args, url }) {
  const waiting = new Map();
  let nextId = 1;
  const send = url ? overHttp(new URL(url)) : overStdio(command, args, (message) => settle(message));
  const settle = (message) => {
    const { id } = message;
    const onAnswer = waiting.get(id);
    waiting.delete(id);
    onAnswer?.(message);
  };
  return {
    ask(message, onAnswer) {
      message.id = nextId++;
      waiting.set(message.id, onAnswer);
      send(JSON.stringify(message), settle);
    },
    tell: (message) => send(JSON.stringify(message), () => {}),
  };
}

function overStdio(command, args, onMessage) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  onLines(child.stdout, (line) => onMessage(JSON.parse(line)));
  return (text) => child.stdin.write(`${text}\n`);
}

function overHttp(url) {
  const agent = new http.Agent({ keepAlive: true });
  return (text, onMessage) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': Buffer.byteLength(text),
    };
    http
      .request(url, { method: 'POST', agent, headers }, (response) =>
        onBody(response, (body) => body.length > 0 && onMessage(JSON.parse(body.toString()))),
      )
      .end(text);
  };
}

async function toolsOf(name, upstream) {
  const ask = (method, params) =>
    new Promise((resolve) => {
      upstream.ask({ jsonrpc: '2.0', id: 0, method, params }, ({ result }) => resolve(result));
    });
  const clientInfo = { name: 'floor', version: '1.0.0' };
  await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  upstream.tell({ jsonrpc: '2.0', method: 'notifications/initialized' });
  const { tools } = await ask('tools/list', {});
  return tools.map((tool) => ({ ...tool, name: `${name}__${tool.name}` }));
}

/** One message of the client, and what to write for it; null is nothing. */
function handle(text, reply) {
  const message = JSON.parse(text);
  const { id, method, params } = message;
  if (id === undefined) reply(null);
  else if (method === 'tools/call') {
    const [name, tool] = params.name.split('__');
    params.name = tool;
    upstreams.get(name).ask(message, (answer) => {
      answer.id = id;
      reply(JSON.stringify(answer));
    });
  } else if (method === 'tools/list')
    void listed.then((list) => reply(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${list}}`));
  else if (method === 'initialize')
    reply(
      JSON.stringify({
        jsonrpc: '2.0',
        id,
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'floor', version: '1.0.0' },
        },
      }),
    );
  else reply(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
}

function onLines(stream, onLine) {
  let rest = [];
  stream.on('data', (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const last = chunk.subarray(from, end);
      const line = rest.length === 0 ? last : Buffer.concat([...rest, last]);
      rest = [];
      from = end + 1;
      onLine(line.toString());
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  });
}

function onBody(stream, onEnd) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => onEnd(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
}

function send(response, text) {
  if (text === null) {
    response.writeHead(202).end();
    return;
  }
  const length = Buffer.byteLength(text);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(text);
}

const serveLines = (input, output) =>
  onLines(input, (line) => handle(line, (text) => text !== null && output.write(`${text}\n`)));

if (config.front === 'stdio') {
  serveLines(process.stdin, process.stdout);
  process.stdin.on('end', () => process.exit());
} else if (config.front === 'socket')
  createServer((socket) => {
    socket.on('error', () => {});
    serveLines(socket, socket);
  }).listen(config.socket);
else
  http
    .createServer((request, response) =>
      onBody(request, (body) => {
        if (request.method === 'POST') handle(body.toString(), (text) => send(response, text));
        else response.writeHead(405).end();
      }),
    )
    .listen(config.port, '127.0.0.1');
