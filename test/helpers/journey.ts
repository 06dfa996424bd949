// What a client does with the official example server, as a record that can be held against another such record.
import { until } from './until.ts';
import type { Peer, Row } from './peers.ts';

/** What the client calls things, and how what it saw reads under their own names. */
export interface Names {
  /** The exposed name of a tool or prompt. */
  exposed(name: string): string;
  /** The exposed address of a resource. */
  address(uri: string): string;
  /** Whether a row of a list is of this server. */
  holds(row: Row): boolean;
  /** A text in which all names and addresses are the server's own. */
  own(text: string): string;
}

/** A server's own names, as they are. */
export const asIs: Names = { exposed: (name) => name, address: (uri) => uri, holds: () => true, own: (text) => text };

/** The names of one account among several. */
export function ofAccount(connector: string, account: string): Names {
  const prefix = `${connector}_${account}_`;
  const addresses = `nucleus://${connector}/${account}/`;
  return {
    exposed: (name) => `${prefix}${name}`,
    address: (uri) => `${addresses}${uri}`,
    holds: ({ name, uri, uriTemplate }) =>
      uri === undefined && uriTemplate === undefined
        ? name.startsWith(prefix)
        : (uri ?? uriTemplate)?.startsWith(addresses) === true,
    own: (text) =>
      text
        .replaceAll(`"name":"${prefix}`, '"name":"')
        .replaceAll(addresses, '')
        .replaceAll(`"description":"[${connector}/${account}] `, '"description":"'),
  };
}

const document = 'demo://resource/static/document/features.md';
const dynamic = 'demo://resource/dynamic/text/7';

/** Uses everything server-everything has; what comes back is what was seen, step by step. */
export async function travel(peer: Peer, names: Names): Promise<Record<string, unknown>> {
  const { exposed, address } = names;
  const call = (name: string, args: Record<string, unknown> = {}): Promise<object> =>
    peer.call({ name: exposed(name), arguments: args });
  const steps: Record<string, () => Promise<unknown>> = {
    tools: async () => (await peer.listTools()).tools.filter(names.holds),
    prompts: async () => (await peer.listPrompts()).prompts.filter(names.holds),
    resources: async () => (await peer.listResources()).resources.filter(names.holds),
    templates: async () => (await peer.listResourceTemplates()).resourceTemplates.filter(names.holds),
    echo: () => call('echo', { message: 'größe 🙂 \u2028' }),
    sum: () => call('get-sum', { a: 2, b: 40 }),
    image: () => call('get-tiny-image'),
    structured: () => call('get-structured-content', { location: 'Chicago' }),
    annotated: () => call('get-annotated-message', { messageType: 'error', includeImage: true }),
    links: () => call('get-resource-links', { count: 3 }),
    followed: async () => {
      const { content } = (await call('get-resource-links', { count: 3 })) as { content: { uri?: string }[] };
      const uris = content.flatMap(({ uri }) => uri ?? []);
      return Promise.all(uris.map((uri) => peer.readResource({ uri })));
    },
    embedded: () => call('get-resource-reference', { resourceType: 'Text', resourceId: 1 }),
    badArguments: () => call('get-sum', { a: 'two' }),
    simplePrompt: () => peer.getPrompt({ name: exposed('simple-prompt') }),
    prompt: () => peer.getPrompt({ name: exposed('args-prompt'), arguments: { city: 'Oslo', state: 'ø' } }),
    promptWithResource: () =>
      peer.getPrompt({
        name: exposed('resource-prompt'),
        arguments: { resourceType: 'Text', resourceId: '1' },
      }),
    badPrompt: () => peer.getPrompt({ name: exposed('args-prompt'), arguments: {} }),
    document: () => peer.readResource({ uri: address(document) }),
    dynamic: () => peer.readResource({ uri: address(dynamic) }),
    blob: () => peer.readResource({ uri: address('demo://resource/dynamic/blob/3') }),
    badResource: () => peer.readResource({ uri: address('demo://resource/dynamic/text/none') }),
    completed: () =>
      peer.complete({
        ref: { type: 'ref/prompt', name: exposed('completable-prompt') },
        argument: { name: 'name', value: 'A' },
        context: { arguments: { department: 'Engineering' } },
      }),
    completedTemplate: () =>
      peer.complete({
        ref: { type: 'ref/resource', uri: address('demo://resource/dynamic/text/{resourceId}') },
        argument: { name: 'resourceId', value: '12' },
      }),
    sampling: () => call('trigger-sampling-request', { prompt: 'Capital?', maxTokens: 5 }),
    form: () => call('trigger-elicitation-request'),
    page: () =>
      call('trigger-url-elicitation', { url: 'https://example.org/in?a=1', elicitationId: 'elicitation-1' }),
    roots: () => call('get-roots-list'),
    async progress() {
      const from = peer.reports.length;
      const result = await call('trigger-long-running-operation', { duration: 0.15, steps: 3 });
      return { reports: peer.reports.slice(from), result };
    },
    updates: () => hearUpdates(peer, names),
    logs: () => hearLogs(peer, names),
  };
  const seen: Record<string, unknown> = { greeting: peer.greeting() };
  for (const [name, step] of Object.entries(steps)) {
    seen[name] = await step().catch((error: { code?: unknown; message: string }) => ({
      failure: error.message,
      code: error.code,
    }));
  }
  seen['asked'] = peer.asked;
  return comparable(seen, names.own);
}

/** Subscribes to a resource; the server then says how often it was asked to, and tells of changes at once. */
async function hearUpdates(peer: Peer, { exposed, address }: Names): Promise<unknown> {
  const toggle = { name: exposed('toggle-subscriber-updates'), arguments: {} };
  const from = peer.heard.length;
  const stop = await peer.watch(address(document));
  const started = await peer.call(toggle);
  const isUpdate = ({ method }: { method: string }): boolean => method === 'notifications/resources/updated';
  await until('the resource changed', () => peer.heard.slice(from).some(isUpdate));
  await peer.call(toggle);
  await stop();
  const updates = peer.heard.slice(from).filter(isUpdate);
  return { started, updates: updates.map(({ params }) => params['uri']) };
}

/** The server logs each subscription at level info: heard from debug on, and not from error on. */
async function hearLogs(peer: Peer, { address }: Names): Promise<unknown> {
  const heard: Record<string, unknown> = {};
  for (const level of ['debug', 'error'] as const) {
    const from = peer.heard.length;
    await peer.setLevel(level);
    await (await peer.watch(address(document)))();
    heard[level] = peer.heard.slice(from);
  }
  return heard;
}

/** Without the names we gave, and without the time of day that the server writes into its resources. */
export function comparable(seen: Record<string, unknown>, own: Names['own']): Record<string, unknown> {
  const text = own(JSON.stringify(seen))
    .replaceAll(/created at [\d:]+ [AP]M/g, 'created at some time')
    .replaceAll(/"blob":"[^"]+"/g, '"blob":"some"');
  return JSON.parse(text) as Record<string, unknown>;
}
