// Upstreams whose lists and streams never keep still: what they cost is bounded, and others are served as ever.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { json, result, startHttpUpstream, stream as answerWithStream } from '../fixtures/http-upstream.ts';
import { attach, controlGateway, jsonOf, textOf, type Attached, type Gateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { heapOf } from '../helpers/heap.ts';
import { addClient, openSession, rpc, runInForeground, stream, type Serving } from '../helpers/http.ts';
import { until } from '../helpers/until.ts';

const scope = createScope();
const home = createHome(scope, '[surface]\nmode = "expose-all"\n');
const fixture = join(import.meta.dirname, '../fixtures/churn-upstream.ts');
const listChanged = 'notifications/tools/list_changed';
/** How often the lists of one upstream are read at most, and what may come on top at the ends. */
const shortestGapMs = 250;
const slack = 3;
let gateway: Gateway;
let serving: Serving;
let client: Attached;

before(async () => {
  const main = join(import.meta.dirname, '../../src-main/cli/main.mjs');
  const command = [process.execPath, '--inspect=127.0.0.1:0', main, 'start', '--foreground'];
  serving = await runInForeground(scope, home, command);
  gateway = await controlGateway(scope, home);
  await gateway.add(createFake(home, 'quiet', '--tools', '1'));
  client = await attach(scope, home);
  await client.initialize();
});

/** An upstream of the fixture, as a profile of its own name. */
async function addChurn(name: string, ...args: readonly string[]): Promise<void> {
  const launch = { command: process.execPath, args: [fixture, ...args] };
  const { probe } = await gateway.ask('profiles.add', { connector: 'churn', name, launch }, 30_000);
  assert.equal(probe?.ok, true, JSON.stringify(probe));
}

interface Counts {
  readonly lists: number;
  readonly changes: number;
  readonly subscriptions: number;
}

async function countsOf(name: string): Promise<Counts> {
  return jsonOf(await client.call(`churn_${name}_counts`, {}, 30_000)) as unknown as Counts;
}

interface Tool {
  readonly name: string;
  readonly description: string;
}

/** The tools of a profile, over all pages of the list. */
async function toolsOf(profile: string, asked = client): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: unknown;
  do {
    const page = await asked.ask('tools/list', cursor === undefined ? {} : { cursor }, 30_000);
    tools.push(...(page['tools'] as Tool[]));
    cursor = page['nextCursor'];
  } while (cursor !== undefined);
  return tools.filter(({ name }) => name.startsWith(`${profile.replace(':', '_')}_`));
}

async function namesOf(profile: string): Promise<string[]> {
  return (await toolsOf(profile)).map(({ name }) => name);
}

/** Calls another profile until told to stop: calls a second, and the longest one in milliseconds. */
async function callQuiet(isOver: () => boolean): Promise<{ rate: number; longest: number }> {
  const began = performance.now();
  let calls = 0;
  let longest = 0;
  do {
    const sent = performance.now();
    assert.equal(textOf(await client.call('fake_quiet_echo', { text: 'still here' })), 'still here');
    longest = Math.max(longest, performance.now() - sent);
    calls += 1;
  } while (!isOver());
  return { rate: (calls * 1_000) / (performance.now() - began), longest };
}

function forMilliseconds(milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds;
  return () => performance.now() > end;
}

/** Has a profile change its tools a thousand times a second, while another is called; none may notice. */
async function storm(name: string, milliseconds: number): Promise<{ elapsed: number }> {
  const undisturbed = await callQuiet(forMilliseconds(500));
  const began = performance.now();
  let isOver = false;
  const storming = client
    .call(`churn_${name}_storm`, { milliseconds, rate: 1_000 }, 60_000)
    .finally(() => (isOver = true));
  const disturbed = await callQuiet(() => isOver);
  assert.deepEqual(jsonOf(await storming), { changes: milliseconds });
  const said = JSON.stringify({ undisturbed, disturbed });
  assert.ok(disturbed.rate > Math.min(10, undisturbed.rate / 20), said);
  assert.ok(disturbed.longest < 2_000 + 10 * undisturbed.longest, said);
  return { elapsed: performance.now() - began };
}

function warnings(text: string): string[] {
  const lines = serving.stderr().split('\n');
  return lines.filter((line) => line.includes(` warn ${text}`));
}

/** Three ways of hearing that the lists of a profile changed: how often each did. */
async function listeners(t: Scope, profile: string): Promise<() => Record<string, number>> {
  const token = await addClient(gateway, profile.replace(':', '-'), [profile]);
  const socket = await attach(t, home, { profiles: [{ id: profile, alias: profile.replace(/.*:/, '') }] });
  await socket.initialize();
  const session = await openSession(serving.url, { token });
  const news = await stream(t, serving.url, null, { token, session });
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'churn-test', version: '1.0.0' },
  };
  const listen = { notifications: { toolsListChanged: true }, _meta: meta };
  const modern = await stream(t, serving.url, rpc('subscriptions/listen', listen), {
    token,
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
  });
  await modern.next('the subscription', ({ method }) => method?.endsWith('/acknowledged') === true);
  return () => ({
    socket: socket.seen.filter((line) => line.includes(listChanged)).length,
    stream: news.seen.filter(({ method }) => method === listChanged).length,
    subscription: modern.seen.filter(({ method }) => method === listChanged).length,
  });
}

test('a thousand changes a second become a few readings and a few notices, and the last one counts', async (t) => {
  await addChurn('storm', '--changing', '100');
  const heard = await listeners(t, 'churn:storm');
  // One that lists whenever it is told to, as hosts do.
  const follower = await attach(t, home);
  await follower.initialize();
  const ending = new AbortController();
  const following = (async () => {
    while (!ending.signal.aborted) {
      await follower.next('the next notice', ({ method }) => method === listChanged, 60_000);
      await toolsOf('churn:storm', follower);
    }
  })();
  const before = await countsOf('storm');
  const { elapsed } = await storm('storm', 2_500);
  const last = (await countsOf('storm')).changes;
  const wanted = Array.from({ length: 100 }, (_, index) => `churn_storm_at_${last}_${index}`);
  await until('the last change is seen', async () => {
    const names = await namesOf('churn:storm');
    return wanted.every((name) => names.includes(name));
  });
  assert.equal((await namesOf('churn:storm')).length, 104);
  ending.abort();
  await client.call('churn_storm_change');
  await following;

  const after = await countsOf('storm');
  const readings = after.lists - before.lists;
  const most = (elapsed + 1_000) / shortestGapMs + slack;
  assert.ok(readings >= 2 && readings <= most, `${readings} readings in ${elapsed} ms`);
  for (const [who, notices] of Object.entries(heard()))
    assert.ok(notices >= 2 && notices <= readings + slack, `${who} heard ${notices} of ${readings} readings`);
  const told = warnings('upstream says over and over that its lists changed');
  assert.equal(told.length, 1, told.join('\n'));
  assert.match(told[0] ?? '', / profile=churn:storm /);
});

test('of 100,000 tools the first 20,000 are taken, told of once, and read again without piling up', async () => {
  await addChurn('large', '--changing', '10', '--tools', '100000', '--page-size', '30000');
  const names = await namesOf('churn:large');
  assert.equal(names.length, 20_000);
  assert.equal(new Set(names).size, 20_000);
  const state = (await gateway.status()).upstreams.find(({ profile }) => profile === 'churn:large');
  assert.equal(state?.tools, 20_000);
  const changeAndRead = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      const { changes } = await countsOf('large');
      await client.call('churn_large_change', {}, 30_000);
      const first = `churn_large_at_${changes + 1}_0`;
      await until(`${first} is listed`, async () => (await namesOf('churn:large')).includes(first), 30_000);
    }
  };
  await changeAndRead(2);
  const warm = await heapOf(serving.stderr());
  await changeAndRead(4);
  const grown = (await heapOf(serving.stderr())) - warm;
  assert.ok(grown < 5, `${grown} MiB more after four readings`);
  await storm('large', 2_000);
  assert.deepEqual(warnings('upstream offers more than upstream.max_tools').map(profileIn), ['churn:large']);
});

test('a name that is listed three times is shown once, the first of them, and told of once', async () => {
  await addChurn('twins', '--tools', '50', '--copies', '3');
  const twins = await toolsOf('churn:twins');
  assert.equal(twins.length, 54);
  assert.ok(
    twins.every(({ description }) => description.endsWith(', copy 0')),
    JSON.stringify(twins),
  );
  assert.equal(textOf(await client.call('churn_twins_tool_49')), 'tool_49');
  await client.call('churn_twins_change');
  const lists = 1 + (await countsOf('twins')).lists;
  await until('it is read again', async () => (await countsOf('twins')).lists >= lists);
  assert.deepEqual(warnings('upstream lists a name more than once').map(profileIn), ['churn:twins']);
});

test('a subscription that is ended again and again is asked for less and less often', async (t) => {
  await addChurn('restless', '--changing', '5', '--drops-subscriptions');
  const heard = await listeners(t, 'churn:restless');
  const before = await countsOf('restless');
  const undisturbed = await callQuiet(forMilliseconds(500));
  const line = 'upstream ends its subscription again and again';
  let isTold = false;
  const telling = until('it is told of', () => warnings(line).length > 0, 20_000).finally(
    () => (isTold = true),
  );
  const disturbed = await callQuiet(() => isTold);
  await telling;
  assert.ok(disturbed.rate > Math.min(10, undisturbed.rate / 20), JSON.stringify({ undisturbed, disturbed }));
  assert.deepEqual(warnings(line).map(profileIn), ['churn:restless']);
  const after = await countsOf('restless');
  // At once, after one second and after two more; how fast the machine is does not matter to it.
  assert.equal(after.subscriptions, 3);
  assert.ok(after.lists - before.lists <= after.subscriptions, JSON.stringify({ before, after }));
  for (const [who, notices] of Object.entries(heard())) assert.ok(notices <= 3, `${who} heard ${notices}`);
  await client.call('churn_restless_change');
  const { changes } = await countsOf('restless');
  await until('the change is seen', async () =>
    (await namesOf('churn:restless')).includes(`churn_restless_at_${changes}_4`),
  );
});

test('a stream that is ended again and again is opened less and less often', async (t) => {
  let opened = 0;
  let lists = 0;
  const upstream = await startHttpUpstream({
    answers: {
      'tools/list'(response, id) {
        lists += 1;
        json(response, result(id, { tools: [{ name: `at_${opened}`, inputSchema: { type: 'object' } }] }));
      },
    },
    onGet(_request, response) {
      opened += 1;
      // It asks to be asked again at once, and has news each time.
      answerWithStream(response).end(
        `retry: 1\n\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: listChanged })}\n\n`,
      );
    },
  });
  t.after(() => upstream.close());
  await gateway.ask('profiles.add', { connector: 'dropped', name: 'x', url: upstream.url });
  const heard = await listeners(t, 'dropped:x');
  const line = 'upstream ends its stream of news again and again';
  await until('it is told of', () => warnings(line).length > 0, 20_000);
  assert.deepEqual(warnings(line).map(profileIn), ['dropped:x']);
  await until('the last of them is seen', async () =>
    (await namesOf('dropped:x')).includes(`dropped_x_at_${opened}`),
  );
  const undisturbed = { opened, lists };
  await callQuiet(forMilliseconds(1_000));
  assert.ok(opened <= 5, `${opened} streams`);
  assert.ok(lists <= 2 + opened, `${lists} readings after ${JSON.stringify(undisturbed)}`);
  for (const [who, notices] of Object.entries(heard()))
    assert.ok(notices <= lists, `${who} heard ${notices}`);
});

function profileIn(line: string): string {
  return / profile=(\S+)/.exec(line)?.[1] ?? line;
}
