/*
 * What the official suite starts as the client under test, with the address of a scenario's server as the last argument:
 * a whole gateway with that server behind it, and a client before it that does what the scenario wants to see done. What
 * reaches the scenario's server is the gateway's own upstream leg.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Started } from './gateway.ts';
import type { Credentials } from './sign-in.ts';

interface Tool {
  readonly name: string;
  readonly inputSchema: object;
}

interface Context extends Credentials {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[];
}

const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? '';
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as Context;
const isModern = process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] === '2026-07-28';

/** How the person before the gateway signs in again when a call needs it; null where nobody can. */
let signInAgain: (() => Promise<void>) | null = null;

await drive(process.argv.at(-1) ?? '');

async function drive(url: string): Promise<void> {
  // The suite ends a scenario that takes too long by a signal; the gateway is to end with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { addressOf } = await import('./gateway.ts');
  const home = mkdtempSync(join(tmpdir(), 'nucleus-conformance-client-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  const gateway = await startFor(url, home);
  try {
    if (gateway === null) return;
    const client = await connect(new URL(await addressOf(gateway)));
    try {
      await useAll(client);
    } finally {
      await client.close();
    }
  } catch (error) {
    // suite.ts looks for these words: a check that was never reached does not fail by itself.
    console.error(`driver failed: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    await gateway?.end();
    console.error(gateway?.output());
  }
}

/** A gateway before the scenario's server; null where the person could not sign in, which some scenarios want. */
async function startFor(url: string, home: string): Promise<Started | null> {
  if (!scenario.startsWith('auth/')) return (await import('./gateway.ts')).startGateway({ url }, home);
  const { startSignInGateway } = await import('./sign-in.ts');
  const gateway = await startSignInGateway(home, scenario, context);
  signInAgain = gateway.signIn;
  try {
    if (await gateway.add(url)) await gateway.signIn();
    return gateway;
  } catch (error) {
    console.error(`not signed in: ${(error as Error).message}`);
    await gateway.end();
    console.error(gateway.output());
    return null;
  }
}

/** Opens a session that knows the server: one that greets in the gateway's own name was opened before that was reached. */
async function connect(address: URL): Promise<Client> {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const client = new Client(
      { name: 'conformance-driver', version: '1.0.0' },
      {
        capabilities: { elicitation: { form: { applyDefaults: true }, url: {} }, roots: {}, sampling: {} },
        versionNegotiation: { mode: isModern ? 'auto' : 'legacy' },
      },
    );
    answerQuestions(client);
    await client.connect(new StreamableHTTPClientTransport(address));
    if (client.getServerVersion()?.name !== 'nucleus' || performance.now() > giveUpAt) return client;
    await client.close();
  }
}

/** As a person who says yes and fills in nothing, so that defaults count. */
function answerQuestions(client: Client): void {
  client.setRequestHandler('elicitation/create', ({ params }) =>
    scenario.includes('defaults') || params.mode === 'url'
      ? { action: 'accept', content: {} }
      : { action: 'accept', content: { confirmed: true } },
  );
  client.setRequestHandler('roots/list', () => ({ roots: [] }));
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    model: 'none',
    content: { type: 'text', text: 'sampled' },
  }));
}

async function useAll(client: Client): Promise<void> {
  const { prompts, resources } = client.getServerCapabilities() ?? {};
  const { tools } = await client.listTools();
  const known = tools.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool, tools) }));
  // What the client can be asked reaches a server of the modern era with a call only.
  const calls = context.toolCalls ?? (known.length > 0 ? known : [{ name: 'any', arguments: {} }]);
  for (const call of calls)
    // Some scenarios answer with errors, or with what the client will not take; their checks tell what counts.
    await callSignedIn(client, call).catch((error: Error) => console.error(`${call.name}: ${error.message}`));
  const [resource] = resources ? (await client.listResources()).resources : [];
  if (resource) await client.readResource({ uri: resource.uri });
  const [prompt] = prompts ? (await client.listPrompts()).prompts : [];
  if (prompt) await client.getPrompt({ name: prompt.name });
}

/** As a person at the client: who is asked to sign in does, as often as it is asked. */
async function callSignedIn(
  client: Client,
  call: { name: string; arguments: Record<string, unknown> },
): Promise<void> {
  for (let tries = 0; tries < 5; tries += 1) {
    const { content, isError } = await client.callTool(call);
    const [first] = content;
    const text = first?.type === 'text' ? first.text : '';
    if (isError) console.error(`${call.name}: ${text}`);
    if (isError !== true || !signInAgain || !/needs a sign-in/.test(text)) return;
    await signInAgain();
  }
}

/** Something for each argument a tool demands. */
function argumentsFor(tool: Tool, tools: readonly Tool[]): Record<string, unknown> {
  // The one that wants to see what came of a schema on its way.
  if (tool.name === 'json_schema_echo')
    return { schema: tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema };
  const { properties = {}, required = [] } = tool.inputSchema as {
    properties?: Record<string, { type?: string }>;
    required?: string[];
  };
  return Object.fromEntries(
    required.map((name) => [
      name,
      ['number', 'integer'].includes(properties[name]?.type ?? '') ? 5 : 'us-west1',
    ]),
  );
}
