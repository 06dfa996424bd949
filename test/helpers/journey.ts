// What a client does with the official servers, as a record that can be held against another such record.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlabelled } from './client.ts';
import { until } from './until.ts';
import type { Peer, Row } from './peers.ts';

export type Seen = Record<string, unknown>;
/** What a client does, step by step, and what it saw. */
export type Journey = (peer: Peer, names: Names) => Promise<Seen>;

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
export const asIs: Names = {
  exposed: (name) => name,
  address: (uri) => uri,
  holds: () => true,
  own: (text) => text,
};

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
      JSON.stringify(
        JSON.parse(text, (_key, value: unknown) => withoutAccount(value, `${connector}:${account}`)),
      )
        .replaceAll(`"name":"${prefix}`, '"name":"')
        .replaceAll(addresses, '')
        .replaceAll(`"description":"[${connector}/${account}] `, '"description":"'),
  };
}

/** Results say which account they came from, and no other. */
function withoutAccount(value: unknown, profile: string): unknown {
  const { _meta: meta } = (value ?? {}) as { _meta?: object };
  return meta && 'dev.nucleus/profile' in meta ? unlabelled(value as object, profile) : value;
}

const document = 'demo://resource/static/document/features.md';
const dynamic = 'demo://resource/dynamic/text/7';

/** Uses everything server-everything has; what comes back is what was seen, step by step. */
export async function travel(peer: Peer, names: Names): Promise<Seen> {
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
  const seen: Seen = { greeting: peer.greeting() };
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
  // At once, and again every five seconds: one that nobody heard yet is made up for.
  await until('the resource changed', () => updatesIn(peer, from).length > 0, 12_000);
  // Told under the address that was asked for: the comparison itself knows either.
  assert.deepEqual(updatesIn(peer, from), [address(document)]);
  await peer.call(toggle);
  await stop();
  return { started, updates: updatesIn(peer, from) };
}

/** The resources a client heard to have changed. */
export function updatesIn({ heard }: Peer, from = 0): unknown[] {
  const updates = heard.slice(from).filter(({ method }) => method === 'notifications/resources/updated');
  return updates.map(({ params }) => params['uri']);
}

/** The server logs each subscription at level info: heard from debug on, and not from error on. */
async function hearLogs(peer: Peer, { address }: Names): Promise<unknown> {
  const heard: Record<string, unknown> = {};
  for (const level of ['debug', 'error'] as const) {
    const from = peer.heard.length;
    await peer.setLevel(level);
    await (
      await peer.watch(address(document))
    )();
    // Other servers may say something meanwhile.
    heard[level] = peer.heard
      .slice(from)
      .filter(({ params }) => /subscribe Resource/i.test(String(params['data'])));
  }
  return heard;
}

/** Everything server-filesystem is for, in a folder that is new each time. */
export function workOn(folder: string): Journey {
  return (peer, names) => workIn(folder, peer, names);
}

async function workIn(folder: string, peer: Peer, { exposed, holds, own }: Names): Promise<Seen> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'picture.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47]));
  const path = join(folder, 'a.txt');
  const calls: Record<string, [name: string, args: Record<string, unknown>]> = {
    allowed: ['list_allowed_directories', {}],
    written: ['write_file', { path, content: 'one\ntwö 🙂\n' }],
    edited: ['edit_file', { path, edits: [{ oldText: 'one', newText: 'eins' }] }],
    text: ['read_text_file', { path }],
    media: ['read_media_file', { path: join(folder, 'picture.png') }],
    made: ['create_directory', { path: join(folder, 'sub') }],
    moved: ['move_file', { source: path, destination: join(folder, 'sub', 'b.txt') }],
    several: ['read_multiple_files', { paths: [join(folder, 'sub', 'b.txt'), join(folder, 'picture.png')] }],
    tree: ['directory_tree', { path: folder }],
    found: ['search_files', { path: folder, pattern: '**/*.txt' }],
    badPlace: ['read_text_file', { path: '/etc/hostname' }],
  };
  const seen: Seen = { tools: (await peer.listTools()).tools.filter(holds) };
  for (const [step, [name, args]] of Object.entries(calls))
    seen[step] = await peer.call({ name: exposed(name), arguments: args });
  return comparable(seen, own);
}

/** Everything server-memory is for, from an empty memory to an empty one. */
export async function remember(peer: Peer, { exposed, address, holds, own }: Names): Promise<Seen> {
  const graph = address('memory://knowledge-graph');
  const relations = [{ from: 'Ada', to: 'Charles', relationType: 'writes to' }];
  const calls: Record<string, [name: string, args: Record<string, unknown>]> = {
    created: [
      'create_entities',
      {
        entities: ['Ada', 'Charles'].map((name) => ({ name, entityType: 'person', observations: ['🙂'] })),
      },
    ],
    related: ['create_relations', { relations }],
    observed: ['add_observations', { observations: [{ entityName: 'Ada', contents: ['counts'] }] }],
    badObserved: ['add_observations', { observations: [{ entityName: 'Nobody', contents: ['x'] }] }],
    found: ['search_nodes', { query: 'counts' }],
    opened: ['open_nodes', { names: ['Charles'] }],
    unrelated: ['delete_relations', { relations }],
    read: ['read_graph', {}],
  };
  const seen: Seen = {
    greeting: peer.greeting(),
    tools: (await peer.listTools()).tools.filter(holds),
    resources: (await peer.listResources()).resources.filter(holds),
  };
  for (const [step, [name, args]] of Object.entries(calls))
    seen[step] = await peer.call({ name: exposed(name), arguments: args });
  seen['document'] = await peer.readResource({ uri: graph });
  const forget = { name: exposed('delete_entities'), arguments: { entityNames: ['Ada', 'Charles'] } };
  seen['updates'] = await peer.watch(graph).then(
    async (stop) => {
      await peer.call(forget);
      await until('the change is told of', () => updatesIn(peer).length > 0);
      await stop();
      assert.deepEqual(updatesIn(peer), [graph]);
      return updatesIn(peer);
    },
    async (error: Error) => {
      await peer.call(forget);
      return { failure: error.message };
    },
  );
  return comparable(seen, own);
}

/** Without the names we gave, and without what is another each time: the time of day in resources, ids of tasks. */
export function comparable(seen: Seen, own: Names['own']): Seen {
  const text = own(JSON.stringify(seen))
    .replaceAll(/created at [\d:]+ [AP]M/g, 'created at some time')
    .replaceAll(/"taskId":"[^"]+"/g, '"taskId":"some"')
    .replaceAll(/"blob":"[^"]+"/g, '"blob":"some"');
  return JSON.parse(text) as Seen;
}

/** What a client of the revision 2026-07-28 sees of a server of 2025-11-25, by what one of that revision sees. */
export function asModern(seen: Seen): Seen {
  return Object.fromEntries(Object.entries(seen).map(([step, one]) => [step, translate[step]?.(one) ?? one]));
}

const cached = (read: unknown): Seen => ({ ...(read as Seen), ttlMs: 0, cacheScope: 'private' });
const translate: Readonly<Record<string, (seen: unknown) => unknown>> = {
  document: cached,
  dynamic: cached,
  blob: cached,
  followed: (reads) => (reads as unknown[]).map(cached),
  // Tasks of 2025-11-25 are not those of today.
  greeting: (said) => {
    const { capabilities, ...rest } = said as { capabilities: Seen };
    return { ...rest, capabilities: without(capabilities, 'tasks') };
  },
  tools: (tools) => (tools as Seen[]).map((tool) => without(tool, 'execution')),
  asked: (asked) =>
    (asked as { params: Seen }[]).map((question) => ({
      ...question,
      params: without(question.params, 'elicitationId'),
    })),
  // Each request says by itself which log messages it wants.
  logs: () => ({
    failure:
      "Method 'logging/setLevel' is not supported by the negotiated protocol version (wire era 2026-07-28)",
    code: 'METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION',
  }),
};

/** All of it but these keys. */
export function without(seen: Seen, ...keys: readonly string[]): Seen {
  return Object.fromEntries(Object.entries(seen).filter(([key]) => !keys.includes(key)));
}
