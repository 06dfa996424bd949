// Clients and servers others wrote, with the gateway between: what a client sees is what it sees without it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before, describe } from 'node:test';
import { promisify } from 'node:util';
import { startGateway, type Gateway } from '../helpers/client.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, urlOf } from '../helpers/http.ts';
import { asIs, comparable, ofAccount, travel, type Names } from '../helpers/journey.ts';
import { nucleusBin } from '../helpers/nucleus.ts';
import {
  connectPeer,
  fileOf,
  serverCommand,
  type ClientKind,
  type Door,
  type Peer,
  type Row,
} from '../helpers/peers.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);

type Seen = Record<string, unknown>;
/** What a client does; the record of it can be held against another. */
type Journey = (peer: Peer, names: Names) => Promise<Seen>;

const scope = createScope();
const home = createHome(scope);
const everything = serverCommand('everything', 'stdio');
const inspected = serverCommand('everything', 'stdio');
const files = serverCommand('filesystem', home.user);
const memories = ['work', 'home'] as const;
const memory = (name: string) => ({
  ...serverCommand('memory'),
  env: { MEMORY_FILE_PATH: home.path(`${name}.jsonl`) },
});
const kinds = ['v1', 'v2', 'v2-auto'] as const;
let gateway: Gateway;
let token: string;
let base: string;

before(async () => {
  gateway = await startGateway(scope, home);
  const add = async (connector: string, name: string, launch: { command: string; args: string[] }) => {
    const { probe } = await gateway.ask('profiles.add', { connector, name, launch, roots: [home.user] });
    assert.equal(probe?.ok, true, JSON.stringify(probe));
  };
  await Promise.all([
    add('every', 'main', everything),
    add('every', 'seen', inspected),
    add('files', 'main', files),
    ...memories.map((name) => add('memory', name, memory(name))),
  ]);
  base = await urlOf(gateway);
  token = await addClient(gateway, 'peers');
});

/** The ways to an account through the gateway: among all others, and by itself as if there were no gateway. */
function doorsTo(connector: string, account: string): Readonly<Record<string, [Door, Names]>> {
  const env = { HOME: home.user, NUCLEUS_HOME: home.state };
  const names = ofAccount(connector, account);
  return {
    'the shim': [{ command: nucleusBin, args: ['serve'], env }, names],
    'HTTP': [{ url: new URL('/mcp', base), token }, names],
    'HTTP at its own address': [{ url: new URL(`/p/${connector}:${account}/mcp`, base), token }, asIs],
  };
}

/** What a client of a kind sees on its journey by a door. */
async function seenBy(
  t: Scope,
  kind: ClientKind,
  door: Door,
  journey: Journey,
  names: Names = asIs,
): Promise<Seen> {
  const peer = await connectPeer(t, kind, door, home.user);
  try {
    return await journey(peer, names);
  } finally {
    await peer.close();
  }
}

const doorNames = ['the shim', 'HTTP', 'HTTP at its own address'] as const;

describe('through the gateway as without it', { concurrency: true }, () => {
  // One after another: one that asks while another calls would be declined, which is not what is looked at here.
  test('server-everything before clients of both generations', async (t) => {
    verifies('NEX-032');
    const known = new Map<ClientKind, Seen>();
    for (const kind of kinds) {
      const direct = await seenBy(t, kind, everything, travel);
      assertWent(direct);
      known.set(kind, kind === 'v2-auto' ? asModern(direct) : direct);
    }
    for (const kind of kinds)
      for (const name of doorNames)
        await t.test(`${kind} by ${name}`, async (t) => {
          const [door, names] = doorsTo('every', 'main')[name] as [Door, Names];
          const seen = await seenBy(t, kind, door, travel, names);
          const hidden = names === asIs ? [] : kind === 'v2-auto' ? [...gaps.all, ...gaps.modern] : gaps.all;
          assert.deepEqual(without(seen, hidden), without(known.get(kind) as Seen, hidden));
        });
    for (const path of ['/p/every:main/mcp', '/mcp'])
      await t.test(`v1 by mcp-remote at ${path}`, async (t) => {
        const names = path === '/mcp' ? ofAccount('every', 'main') : asIs;
        const seen = await seenBy(t, 'v1', remote(path), travel, names);
        const hidden = names === asIs ? [] : gaps.all;
        assert.deepEqual(without(seen, hidden), without(known.get('v1') as Seen, hidden));
      });
    await t.test('a tool that runs as a task', async (t) => {
      const research: Journey = async (peer, { exposed }) => ({
        seen: await peer.runTask({
          name: exposed('simulate-research-query'),
          arguments: { topic: 'tides', ambiguous: false },
        }),
      });
      const [door] = doorsTo('every', 'main')['HTTP at its own address'] as [Door, Names];
      const [direct, seen] = await Promise.all(
        [everything, door].map((one) => seenBy(t, 'v1', one, research)),
      );
      assert.match(JSON.stringify(direct), /tides/);
      assert.deepEqual(seen, direct);
    });
  });

  test('server-filesystem before clients of both generations', async (t) => {
    for (const kind of kinds) {
      const direct = await seenBy(t, kind, files, workOnFiles);
      assertWent(direct);
      for (const name of doorNames)
        await t.test(`${kind} by ${name}`, async (t) => {
          const [door, names] = doorsTo('files', 'main')[name] as [Door, Names];
          const seen = await seenBy(t, kind, door, workOnFiles, names);
          const expected = kind === 'v2-auto' ? asModern(direct) : direct;
          assert.deepEqual(seen, without(expected, names === asIs ? [] : gaps.all));
        });
    }
  });

  test('server-memory before clients of both generations', async (t) => {
    for (const kind of kinds) {
      const direct = await seenBy(t, kind, memory('direct'), remember);
      assertWent(direct);
      for (const name of doorNames)
        await t.test(`${kind} by ${name}`, async (t) => {
          const [door, names] = doorsTo('memory', 'work')[name] as [Door, Names];
          const hidden = names === asIs ? [] : kind === 'v2-auto' ? [...gaps.all, ...gaps.modern] : gaps.all;
          const seen = await seenBy(t, kind, door, remember, names);
          const expected = kind === 'v2-auto' ? asModern(direct) : direct;
          assert.deepEqual(without(seen, hidden), without(expected, hidden));
        });
    }
  });

  test('what one account of server-memory is told the other never hears of', async (t) => {
    const [door] = doorsTo('memory', 'work')['HTTP'] as [Door, Names];
    const peer = await connectPeer(t, 'v1', door, home.user);
    const graphOf = (name: string) => `nucleus://memory/${name}/memory://knowledge-graph`;
    const tell = (name: string, what: string) =>
      peer.call({
        name: `memory_${name}_create_entities`,
        arguments: { entities: [{ name: what, entityType: 'secret', observations: [`of ${name}`] }] },
      });
    await peer.watch(graphOf('work'));
    await tell('home', 'kept-at-home');
    await tell('work', 'kept-at-work');
    await until('the change is told of', () => peer.heard.length > 0);
    assert.deepEqual(
      peer.heard.map(({ params }) => params['uri']),
      [graphOf('work')],
    );
    for (const [name, other] of [memories, memories.toReversed()] as [string, string][]) {
      const read = await peer.call({ name: `memory_${name}_read_graph`, arguments: {} });
      for (const text of [JSON.stringify(read), readFileSync(home.path(`${name}.jsonl`), 'utf8')]) {
        assert.ok(text.includes(`kept-at-${name}`), text);
        assert.ok(!text.includes(`kept-at-${other}`), text);
      }
    }
  });

  test('the command line of the inspector', async (t) => {
    const asked = {
      tools: ['tools/list'],
      called: ['tools/call', '--tool-arg', 'message=größe 🙂', '--tool-name', 'echo'],
      prompts: ['prompts/list'],
      prompt: ['prompts/get', '--prompt-args', 'city=Oslo', '--prompt-name', 'args-prompt'],
      resources: ['resources/list'],
      document: ['resources/read', '--uri', 'demo://resource/static/document/features.md'],
      templates: ['resources/templates/list'],
    };
    const see = async (target: string[], { exposed, address, holds, own }: Names): Promise<Seen> => {
      const seen: Seen = {};
      for (const [step, [method = '', ...rest]] of Object.entries(asked)) {
        const last = rest.pop();
        const named = last === undefined ? [] : [rest.at(-1) === '--uri' ? address(last) : exposed(last)];
        const answer = (await inspect(target, '--method', method, ...rest, ...named)) as Record<string, Row[]>;
        const [key = ''] = method.endsWith('/list') ? Object.keys(answer) : [];
        seen[step] = key === '' ? answer : answer[key]?.filter(holds);
      }
      return comparable(seen, own);
    };
    const through = (path: string) => [
      new URL(path, base).href,
      '--transport',
      'http',
      '--header',
      `Authorization: Bearer ${token}`,
    ];
    const names = ofAccount('every', 'seen');
    const [direct, ...others] = await Promise.all([
      see([inspected.command, ...inspected.args], asIs),
      see(through('/p/every:seen/mcp'), asIs),
      see(through('/mcp'), names),
      see([nucleusBin, 'serve'], names),
    ]);
    assertWent(direct as Seen);
    for (const seen of others) assert.deepEqual(seen, direct);
  });
});

/** Everything server-filesystem is for, in a folder that is new each time. */
async function workOnFiles(peer: Peer, { exposed, holds, own }: Names): Promise<Seen> {
  const folder = home.path('user', 'work');
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
async function remember(peer: Peer, { exposed, address, holds, own }: Names): Promise<Seen> {
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
      await until('the change is told of', () => peer.heard.length > 0);
      await stop();
      return peer.heard.map(({ params }) => params['uri']);
    },
    async (error: Error) => {
      await peer.call(forget);
      return { failure: error.message };
    },
  );
  return comparable(seen, own);
}

/** What the inspector prints for one request to a target. */
async function inspect(target: readonly string[], ...asked: readonly string[]): Promise<unknown> {
  const file = fileOf('@modelcontextprotocol/inspector', 'clients', 'cli', 'build', 'index.js');
  const isCommand = target[0]?.startsWith('/') === true;
  const args = isCommand ? [...asked, '--', ...target] : [...target, ...asked];
  const { stdout } = await run(process.execPath, [file, ...args], {
    env: { ...home.env, MCP_CATALOG_PATH: home.path('catalog.json') },
  });
  return JSON.parse(stdout);
}

/** What an account among others does not show as it is: the greeting is the gateway's. */
const gaps = { all: ['greeting', 'followed'], modern: ['updates'] };

/** mcp-remote, which a client on stdio starts to reach an address of ours. */
function remote(path: string): Door {
  return {
    command: process.execPath,
    args: [
      fileOf('mcp-remote', 'dist', 'proxy.js'),
      new URL(path, base).href,
      '--transport',
      'http-only',
      '--header',
      `Authorization: Bearer ${token}`,
    ],
    env: { HOME: home.user, MCP_REMOTE_CONFIG_DIR: home.path('mcp-remote') },
  };
}

/** Every step of the journey did what it is for: else two failures would look alike. */
function assertWent(seen: Seen): void {
  for (const [step, outcome] of Object.entries(seen)) {
    const isBad = step.startsWith('bad');
    const text = JSON.stringify(outcome);
    assert.equal(/"(failure|isError)":/.test(text), isBad, `${step}: ${text.slice(0, 500)}`);
    assert.ok(text.length > 20, `${step}: ${text}`);
  }
}

function without(seen: Seen, steps: readonly string[]): Seen {
  return Object.fromEntries(Object.entries(seen).filter(([step]) => !steps.includes(step)));
}

/** What a client of the revision 2026-07-28 sees of a server of 2025-11-25, by what one of that revision sees. */
function asModern(seen: Seen): Seen {
  return Object.fromEntries(Object.entries(seen).map(([step, one]) => [step, translate[step]?.(one) ?? one]));
}

const cached = (read: unknown): Seen => ({ ...(read as Seen), ttlMs: 0, cacheScope: 'private' });
const translate: Readonly<Record<string, (seen: unknown) => unknown>> = {
  document: cached,
  dynamic: cached,
  blob: cached,
  followed: (reads) => (reads as unknown[]).map(cached),
  // Tasks of 2025-11-25 are not those of today.
  greeting(said) {
    const { capabilities, ...rest } = said as { capabilities: Seen };
    const { tasks: _, ...lasting } = capabilities;
    return { ...rest, capabilities: lasting };
  },
  tools: (tools) => (tools as Seen[]).map(({ execution: _, ...tool }) => tool),
  asked: (asked) =>
    (asked as { params: Seen }[]).map(({ params: { elicitationId: _, ...params }, ...question }) => ({
      ...question,
      params,
    })),
  // Each request says by itself which log messages it wants.
  logs: () => ({
    failure:
      "Method 'logging/setLevel' is not supported by the negotiated protocol version (wire era 2026-07-28)",
    code: 'METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION',
  }),
};
