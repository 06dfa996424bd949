// Clients and servers others wrote, with the gateway between: what a client sees is what it sees without it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test, { before, describe } from 'node:test';
import { promisify } from 'node:util';
import { startGateway, type Gateway } from '../helpers/client.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { addClient, urlOf } from '../helpers/http.ts';
import {
  asIs,
  asModern,
  comparable,
  ofAccount,
  remember,
  travel,
  updatesIn,
  without,
  workOn,
  type Journey,
  type Names,
  type Seen,
} from '../helpers/journey.ts';
import { nucleusBin } from '../helpers/nucleus.ts';
import {
  connectPeer,
  fileOf,
  serverCommand,
  type ClientKind,
  type Door,
  type Row,
} from '../helpers/peers.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);

const scope = createScope();
const home = createHome(scope, '[surface]\nmode = "expose-all"\n');
const everything = serverCommand('everything', 'stdio');
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
    add('every', 'seen', everything),
    add('files', 'main', files),
    ...[...memories, 'main'].map((name) => add('memory', name, memory(name))),
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
    HTTP: [{ url: new URL('/mcp', base), token }, names],
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
          assert.deepEqual(without(seen, ...hidden), without(known.get(kind) as Seen, ...hidden));
        });
    for (const path of ['/p/every:main/mcp', '/mcp'])
      await t.test(`v1 by mcp-remote at ${path}`, async (t) => {
        const names = path === '/mcp' ? ofAccount('every', 'main') : asIs;
        const seen = await seenBy(t, 'v1', remote(path), travel, names);
        const hidden = names === asIs ? [] : gaps.all;
        assert.deepEqual(without(seen, ...hidden), without(known.get('v1') as Seen, ...hidden));
      });
  });

  test('a tool of server-everything that runs as a task', async (t) => {
    const research: Journey = async (peer, { exposed, own }) => {
      const query = {
        name: exposed('simulate-research-query'),
        arguments: { topic: 'tides', ambiguous: false },
      };
      return comparable({ steps: await peer.runTask(query) }, own);
    };
    const [door] = doorsTo('every', 'seen')['HTTP at its own address'] as [Door, Names];
    const [direct, seen] = await Promise.all([everything, door].map((one) => seenBy(t, 'v1', one, research)));
    assert.match(JSON.stringify(direct), /tides/);
    assert.deepEqual(seen, direct);
  });

  test('server-filesystem before clients of both generations', async (t) => {
    for (const kind of kinds) {
      const direct = await seenBy(t, kind, files, workOn(home.path('user', 'work')));
      assertWent(direct);
      for (const name of doorNames)
        await t.test(`${kind} by ${name}`, async (t) => {
          const [door, names] = doorsTo('files', 'main')[name] as [Door, Names];
          const seen = await seenBy(t, kind, door, workOn(home.path('user', 'work')), names);
          const expected = kind === 'v2-auto' ? asModern(direct) : direct;
          assert.deepEqual(seen, expected);
        });
    }
  });

  test('server-memory before clients of both generations', async (t) => {
    for (const kind of kinds) {
      const direct = await seenBy(t, kind, memory('direct'), remember);
      assertWent(direct);
      for (const name of doorNames)
        await t.test(`${kind} by ${name}`, async (t) => {
          const [door, names] = doorsTo('memory', 'main')[name] as [Door, Names];
          const hidden = names === asIs ? [] : kind === 'v2-auto' ? [...gaps.all, ...gaps.modern] : gaps.all;
          const seen = await seenBy(t, kind, door, remember, names);
          const expected = kind === 'v2-auto' ? asModern(direct) : direct;
          assert.deepEqual(without(seen, ...hidden), without(expected, ...hidden));
        });
    }
  });

  test('what one account of server-memory is told the other never hears of', async (t) => {
    const [door] = doorsTo('memory', 'work')['HTTP'] as [Door, Names];
    const [peer, other] = await Promise.all(
      (['v1', 'v2'] as const).map((kind) => connectPeer(t, kind, door, home.user)),
    );
    assert.ok(peer && other);
    const graphOf = (name: string) => `nucleus://memory/${name}/memory://knowledge-graph`;
    const tell = (name: string, what: string) =>
      peer.call({
        name: `memory_${name}_create_entities`,
        arguments: { entities: [{ name: what, entityType: 'secret', observations: [`of ${name}`] }] },
      });
    await Promise.all([peer.watch(graphOf('work')), other.watch(graphOf('home'))]);
    await tell('home', 'kept-at-home');
    await tell('work', 'kept-at-work');
    await until('both are told', () => updatesIn(peer).length > 0 && updatesIn(other).length > 0);
    assert.deepEqual([updatesIn(peer), updatesIn(other)], [[graphOf('work')], [graphOf('home')]]);
    for (const [name, foreign] of [memories, memories.toReversed()] as [string, string][]) {
      const read = await peer.call({ name: `memory_${name}_read_graph`, arguments: {} });
      for (const text of [JSON.stringify(read), readFileSync(home.path(`${name}.jsonl`), 'utf8')]) {
        assert.ok(text.includes(`kept-at-${name}`), text);
        assert.ok(!text.includes(`kept-at-${foreign}`), text);
      }
    }
  });

  test('the command line of the inspector', async () => {
    const steps: Readonly<Record<string, (names: Names) => readonly string[]>> = {
      tools: () => ['tools/list'],
      called: ({ exposed }) => [
        'tools/call',
        '--tool-name',
        exposed('echo'),
        '--tool-arg',
        'message=größe 🙂',
      ],
      prompt: ({ exposed }) => [
        'prompts/get',
        '--prompt-name',
        exposed('args-prompt'),
        '--prompt-args',
        'city=Oslo',
      ],
      document: ({ address }) => [
        'resources/read',
        '--uri',
        address('demo://resource/static/document/features.md'),
      ],
    };
    const see = async (target: readonly string[], names: Names, wanted: readonly string[]): Promise<Seen> => {
      const seen: Seen = {};
      for (const step of wanted)
        seen[step] = await inspect(target, '--method', ...(steps[step]?.(names) ?? []));
      const { tools } = seen['tools'] as { tools: Row[] };
      return comparable({ ...seen, tools: tools.filter(names.holds) }, names.own);
    };
    const through = (path: string): string[] => {
      const header = ['--header', `Authorization: Bearer ${token}`];
      return [new URL(path, base).href, '--transport', 'http', ...header];
    };
    const [all, some] = [Object.keys(steps), ['tools', 'called']];
    const names = ofAccount('every', 'seen');
    const [direct, ...others] = await Promise.all([
      see([everything.command, ...everything.args], asIs, all),
      see(through('/p/every:seen/mcp'), asIs, all),
      see(through('/mcp'), names, some),
      see([nucleusBin, 'serve'], names, some),
    ]);
    assert.ok(direct);
    assertWent(direct);
    const known = (direct['tools'] as Row[]).map(({ name }) => name);
    for (const { tools, ...seen } of others) {
      const rows = tools as Row[];
      const expected = without(direct, ...all.filter((step) => !(step in seen)));
      assert.deepEqual(seen, expected);
      assert.deepEqual(
        rows.filter(({ name }) => known.includes(name)),
        direct['tools'],
      );
      // Offered by the server to who can be asked: the gateway can, for those of its clients that can.
      assert.deepEqual(
        rows.map(({ name }) => name).filter((name) => !known.includes(name)),
        ['trigger-elicitation-request', 'trigger-url-elicitation', 'trigger-sampling-request'],
      );
    }
  });
});

/** What the inspector prints for one request to a target. */
async function inspect(target: readonly string[], ...asked: readonly string[]): Promise<unknown> {
  const file = fileOf('@modelcontextprotocol/inspector', 'clients', 'cli', 'build', 'index.js');
  const isCommand = target[0]?.startsWith('/') === true;
  // It hands a command only what it is told to.
  const env = ['-e', `NUCLEUS_HOME=${home.state}`];
  const args = isCommand ? [...env, ...asked, '--', ...target] : [...target, ...asked];
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
