// The upstream of every subject: an MCP server that costs next to nothing. `stub.mjs NAME TOOLS` speaks on stdin and
// stdout, `stub.mjs NAME TOOLS http` on a free port that it prints. Offers `echo`, `sleep`, and tools that only fill the list.
import { createServer } from 'node:http';

const [name = 'stub', count = '20', transport = 'stdio'] = process.argv.slice(2);

const tools = [
  tool('echo', 'Gives back its text.', { text: { type: 'string' } }),
  tool('sleep', 'Answers after a while.', { ms: { type: 'integer' } }),
];
for (let index = tools.length; index < Number(count); index++) tools.push(filler(index));
const list = JSON.stringify({ tools });

/** About 1.2 KB, as tools of real servers have: a dozen described fields. */
function filler(index) {
  const fields = {};
  for (let field = 0; field < 6 + (index % 9); field++)
    fields[`${field % 2 === 0 ? 'filter' : 'value'}_${field}`] = {
      type: field % 4 === 3 ? 'number' : 'string',
      description: `Field ${field} of record type ${index}, as the ${name} service writes it.`,
    };
  return tool(`record_${index}`, `Looks up or changes records of type ${index} kept by ${name}.`, fields);
}

function tool(toolName, description, properties) {
  const required = Object.keys(properties).slice(0, 1);
  return { name: toolName, description, inputSchema: { type: 'object', properties, required } };
}

function handle({ id, method, params }, reply) {
  const answer = (result) => reply(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
  const say = (text) => answer(JSON.stringify({ content: [{ type: 'text', text }] }));
  if (id === undefined) reply(null);
  else if (method === 'tools/call') {
    const args = params.arguments ?? {};
    if (params.name === 'sleep') setTimeout(say, args.ms, 'slept');
    else say(args.text ?? params.name);
  } else if (method === 'tools/list') answer(list);
  else if (method === 'initialize')
    answer(
      JSON.stringify({
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name, version: '1.0.0' },
      }),
    );
  else if (method === 'ping') answer('{}');
  else reply(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"no ${method}"}}`);
}

function send(response, text) {
  if (text === null) {
    response.writeHead(202).end();
    return;
  }
  const length = Buffer.byteLength(text);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(text);
}

if (transport === 'http') {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST')
        handle(JSON.parse(Buffer.concat(chunks).toString()), (text) => send(response, text));
      else response.writeHead(405).end();
    });
  });
  // Between rounds nobody calls; a connection closed in that moment would fail the next call.
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  let rest = [];
  process.stdin.on('data', (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]).toString();
      rest = [];
      from = end + 1;
      handle(JSON.parse(line), (text) => text && process.stdout.write(`${text}\n`));
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  });
}
process.stdin.on('end', () => process.exit()).resume();
