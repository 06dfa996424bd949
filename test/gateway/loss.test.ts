// Nothing lost in passing: what a client and a server say to each other is written down at both ends, directly and with
// the gateway between them, and compared text by text.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { before } from 'node:test';
import { textOf } from '../helpers/exact-json.ts';
import { createHome, createScope, type Scope } from '../helpers/home.ts';
import { serveHttp } from '../helpers/http.ts';
import { losses, type Account } from '../helpers/losses.ts';
import { nucleusBin, nucleusOk } from '../helpers/nucleus.ts';
import { revisions, tellAll, type Era } from '../helpers/odd-client.ts';
import { overHttp, overStdio, type RawWire } from '../helpers/raw-wire.ts';
import { verifies } from '../helpers/requirements.ts';
import { withDeadline } from '../helpers/until.ts';
import { allowed, allowedTogether, type Allowed, type Pairing } from './loss-allowed.ts';

const scope = createScope();
const home = createHome(scope);
const script = join(import.meta.dirname, '../fixtures/odd-upstream.ts');
const eras = ['legacy', 'modern'] as const;
const transports = ['stdio', 'http'] as const;
const pairings: readonly Pairing[] = transports.flatMap((transport) =>
  eras.flatMap((upstream) => eras.map((client) => ({ transport, upstream, client }))),
);
/** What passed without a gateway, by transport and era. */
const direct = new Map<string, Account>();
const needed = new Set<RegExp>();
let base = '';

before(async () => {
  const mcpServers = Object.fromEntries(
    await Promise.all(pairings.map(async (pairing) => [nameOf(pairing), await serverFor(pairing)] as const)),
  );
  const file = home.path('servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers }));
  const { url } = await serveHttp(scope, home, '127.0.0.1:0', {
    args: ['--token', 'none', '--servers', file],
  });
  base = url;
  for (const transport of transports)
    for (const era of eras)
      direct.set(`${transport} ${era}`, await accountOf(scope, `direct-${transport}-${era}`, era, transport));
});

for (const pairing of pairings)
  test(`a ${pairing.client} client loses nothing before a ${pairing.upstream} server over ${pairing.transport}`, async (t) => {
    verifies('NEW-012');
    const name = nameOf(pairing);
    const wire = overHttp(t, `${base}/p/${name}:default/mcp`, revisions[pairing.client]);
    const heard = await tellAll(wire, pairing.client, () => gotBy(name));
    const itself = direct.get(`${pairing.transport} ${pairing.upstream}`) as Account;
    if (pairing.client === pairing.upstream) assert.equal(bytesKept(itself.heard, heard), 2);
    assert.deepEqual(unallowed(itself, { heard, got: gotBy(name) }, pairing, allowed), []);
    // All of them, and before the answer they came in one piece with.
    const steps = heard.filter(({ step }) => step === 'progress').map(({ text }) => text);
    assert.equal(steps.length, 101);
    assert.match(steps.at(-1) ?? '', /"result"/);
    for (const [index, text] of steps.slice(0, 100).entries())
      assert.match(text, new RegExp(`"progress":${index}\\.5\\b`));
    for (const text of steps.slice(0, 100)) assert.match(text, /"progressToken":0\b/);
  });

for (const era of eras)
  for (const way of ['http', 'the shim'] as const)
    test(`a ${era} client that sees all accounts over ${way} loses nothing but names`, async (t) => {
      verifies('NEW-012');
      const name = `together-${era}-${way}`;
      const server = { command: process.execPath, args: argumentsOf(name, era, 'stdio') };
      const wire = way === 'http' ? await inFrontOf(t, era, server) : await shimBefore(t, name, server);
      const heard = await tellAll(wire, era, () => gotBy(name), {
        name: (own) => `odd_default_${own}`,
        uri: (own) => `nucleus://odd/default/${own}`,
      });
      const itself = direct.get(`stdio ${era}`) as Account;
      const all = [...allowed, ...allowedTogether];
      const pairing: Pairing = { transport: 'stdio', upstream: era, client: era };
      assert.deepEqual(unallowed(itself, { heard, got: gotBy(name) }, pairing, all), []);
    });

test('no difference is allowed that does not exist', () => {
  assert.deepEqual(
    [...allowed, ...allowedTogether]
      .filter(({ what, isOpen }) => !isOpen && !needed.has(what))
      .map(({ what }) => String(what)),
    [],
  );
});

/** Of the three ways an answer is written, those that came byte for byte: their ids stand where SDKs write them. */
function bytesKept(before: Account['heard'], after: Account['heard']): number {
  const odd = (heard: Account['heard']): (string | undefined)[] =>
    heard.filter(({ step }) => /^odd \d$/.test(step)).map(({ text }) => textOf(text, 'result'));
  const kept = odd(after);
  return odd(before).filter((text, index) => text === kept[index]).length;
}

/** The differences that are neither ids nor on the list. */
function unallowed(before: Account, after: Account, pairing: Pairing, list: readonly Allowed[]): string[] {
  return losses(before, after, pairing.client === pairing.upstream).filter((one) => {
    const entry = list.find(({ what, where }) => what.test(one) && (where?.(pairing) ?? true));
    if (entry) needed.add(entry.what);
    return !entry;
  });
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** A gateway of its own with one account, spoken to over HTTP. */
async function inFrontOf(owner: Scope, era: Era, server: Command): Promise<RawWire> {
  const own = createHome(owner);
  const file = own.path('servers.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { odd: server } }));
  const options = { args: ['--token', 'none', '--servers', file] };
  const { url } = await serveHttp(owner, own, '127.0.0.1:0', options);
  return overHttp(owner, `${url}/mcp`, revisions[era]);
}

/** The same over stdio, as hosts start it; its lists come from an earlier process. */
async function shimBefore(owner: Scope, name: string, { command, args }: Command): Promise<RawWire> {
  const own = createHome(owner);
  const flags = args.map((arg) => `--arg=${arg}`);
  await nucleusOk(own, ['add', 'odd', 'default', '--command', command, ...flags]);
  writeFileSync(recordOf(name), '');
  return overStdio(owner, nucleusBin, ['serve'], own.env);
}

function nameOf({ transport, upstream, client }: Pairing): string {
  return `${transport}-${upstream}-for-${client}`;
}

async function serverFor(pairing: Pairing): Promise<object> {
  const name = nameOf(pairing);
  if (pairing.transport === 'http') return { url: await serve(name, pairing.upstream) };
  return { command: process.execPath, args: argumentsOf(name, pairing.upstream, 'stdio') };
}

/** The odd upstream over HTTP, and where it listens. */
async function serve(name: string, era: Era): Promise<string> {
  const child = spawn(process.execPath, argumentsOf(name, era, 'http'), {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  scope.after(() => void child.kill('SIGKILL'));
  const [url] = (await withDeadline('its URL', once(createInterface(child.stderr), 'line'))) as [string];
  return url;
}

function argumentsOf(name: string, era: Era, transport: string): string[] {
  return [script, '--transport', transport, '--era', era, '--record', recordOf(name)];
}

/** A client and the odd upstream, with nothing between them. */
async function accountOf(
  owner: Scope,
  name: string,
  era: Era,
  transport: 'stdio' | 'http',
): Promise<Account> {
  const wire =
    transport === 'http'
      ? overHttp(owner, await serve(name, era), revisions[era])
      : overStdio(owner, process.execPath, argumentsOf(name, era, 'stdio'));
  const heard = await tellAll(wire, era, () => gotBy(name));
  return { heard, got: gotBy(name) };
}

function recordOf(name: string): string {
  return home.path(`${name}.record`);
}

/** What an upstream wrote down. */
function gotBy(name: string): Account['got'] {
  if (!existsSync(recordOf(name))) return [];
  const lines = readFileSync(recordOf(name), 'utf8').split('\n');
  // The last one may be half written.
  return lines.slice(0, -1).map((line) => {
    const end = line.indexOf('\t');
    return { what: line.slice(0, end), text: line.slice(end + 1) };
  });
}
