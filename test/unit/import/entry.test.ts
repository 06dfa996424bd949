import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntry, type Entry, type EntryPlace } from '../../../src-main/gateway/import/entry.ts';
import { moveArguments } from '../../../src-main/gateway/import/move-arguments.ts';
import { behindBridge } from '../../../src-main/gateway/import/remote-bridge.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import { placeOf } from './support.ts';

function read(raw: unknown, host: HostName | null = 'cursor', env: EntryPlace['env'] = {}): Entry {
  const reading = readEntry(raw, placeOf(host, env));
  assert.ok(reading.entry, reading.left);
  return reading.entry;
}

function left(raw: unknown, host: HostName | null = 'cursor', env: EntryPlace['env'] = {}): string {
  const reading = readEntry(raw, placeOf(host, env));
  assert.ok(reading.left !== undefined, 'it was read');
  return reading.left;
}

const stdio = { kind: 'stdio', command: 'run', args: ['a'], env: { A: 'b' }, cwd: null, stderr: 'null' };

test('a command is read however a client writes it', () => {
  for (const raw of [
    { command: 'run', args: ['a'], env: { A: 'b' } },
    { type: 'stdio', command: 'run', args: ['a'], env: { A: 'b' } },
    { command: ['run', 'a'], environment: { A: 'b' }, type: 'local', enabled: true },
    { cmd: ['run', 'a'], env: { A: 'b' } },
    { source: 'custom', command: { path: 'run', args: ['a'], env: { A: 'b' } } },
    { command: 'env', args: ['A=b', 'run', 'a'] },
  ])
    assert.deepEqual(read(raw), stdio);
});

test('an address is read however a client writes it', () => {
  const url = 'https://example.com/mcp';
  const of = (transport: string, headers = {}) => ({ kind: 'http', transport, url, headers });
  assert.deepEqual(read({ url }), of('http'));
  assert.deepEqual(read({ serverUrl: url }), of('http'));
  assert.deepEqual(read({ type: 'sse', url }), of('sse'));
  assert.deepEqual(read({ type: 'streamableHttp', url }), of('streamable-http'));
  assert.deepEqual(read({ type: 'streamable-http', url }), of('streamable-http'));
  assert.deepEqual(read({ httpUrl: url }, 'gemini'), of('streamable-http'));
  assert.deepEqual(read({ url }, 'gemini'), of('sse'));
  const codex = {
    url,
    bearer_token_env_var: 'T',
    http_headers: { 'X-A': 'a' },
    env_http_headers: { 'X-B': 'B' },
  };
  assert.deepEqual(
    read(codex, 'codex', { T: 'token', B: 'b' }),
    of('http', { 'X-A': 'a', Authorization: 'Bearer token', 'X-B': 'b' }),
  );
});

test('holes are filled as the client would, and one that cannot be filled leaves the server', () => {
  const at = (host: HostName, text: string): unknown =>
    read({ command: 'x', args: [text] }, host, { A: 'a' });
  const argument = (host: HostName, text: string) =>
    (at(host, text) as { readonly args: readonly string[] }).args[0];
  assert.equal(argument('vscode', '${env:A}/${userHome}'), 'a//home/p');
  assert.equal(argument('claude-code', '${A}-${B:-c}'), 'a-c');
  assert.equal(argument('gemini', '$A'), 'a');
  assert.equal(argument('gemini', '$A-${A}'), 'a-a');
  assert.equal(argument('claude-desktop', '${A}'), '${A}');
  assert.match(left({ command: 'x', args: ['${input:key}'] }, 'vscode'), /asks for "key"/);
  assert.match(left({ command: 'x', args: ['${env:NONE}'] }, 'vscode'), /variable NONE/);
  assert.match(left({ command: 'x', args: ['${workspaceFolder}'] }, 'vscode'), /workspaceFolder/);
  assert.match(left({ url: 'https://x.example/', bearer_token_env_var: 'NONE' }, 'codex'), /variable NONE/);
});

test('variables of a file are read, and a file that cannot be read leaves the server', () => {
  const raw = { command: 'x', env: { B: '2' }, envFile: '/a/.env' };
  const place = {
    ...placeOf('vscode', {}),
    readText: (path: string) => (path === '/a/.env' ? 'A=1\nB=1\n' : null),
  };
  const reading = readEntry(raw, place);
  assert.deepEqual(reading.entry?.kind === 'stdio' && reading.entry.env, { A: '1', B: '2' });
  assert.match(left(raw), /\/a\/\.env, which cannot be read/);
});

test('what is no server, or is switched off, says so', () => {
  assert.match(left('text'), /no server/);
  assert.match(left({}), /neither a command nor an address/);
  assert.match(left({ command: 'x', url: 'https://x.example' }), /keep one/);
  assert.match(left({ url: 'ftp://x.example' }), /not an http or https/);
  assert.match(left({ command: 'x', disabled: true }), /switched off/);
  assert.match(left({ command: 'x', env: { A: {} } }), /variables are not made of texts/);
});

test('keys that have no counterpart are named', () => {
  const { notes } = readEntry({ command: 'x', timeout: 3, autoApprove: [] }, placeOf('cursor')) as {
    notes: readonly string[];
  };
  assert.deepEqual(notes, ['not brought along: timeout, autoApprove']);
});

test('mcp-remote counts as the server behind it, unless it is told what Nucleus cannot do', () => {
  const bridged = (...args: string[]) => {
    const entry = read({
      command: 'npx',
      args: ['-y', 'mcp-remote@latest', ...args],
      env: { T: 'Bearer t' },
    });
    return entry.kind === 'stdio' ? behindBridge(entry) : null;
  };
  const url = 'https://example.com/mcp';
  assert.deepEqual(bridged(url), { kind: 'http', transport: 'http', url, headers: {} });
  assert.deepEqual(bridged(url, '--header', 'Authorization:${T}', '--transport', 'sse-only', '3334'), {
    kind: 'http',
    transport: 'sse',
    url,
    headers: { Authorization: 'Bearer t' },
  });
  assert.equal(bridged(url, '--static-oauth-client-info', '{}'), null);
});

test('a secret among the arguments moves to the variable its server takes it from, or leaves the server', () => {
  const moved = (command: string, ...args: string[]) => {
    const entry = read({ command, args });
    assert.ok(entry.kind === 'stdio');
    return moveArguments(entry);
  };
  const stripe = moved('npx', '-y', '@stripe/mcp', '--tools=all', '--api-key=sk_test_0123456789');
  assert.deepEqual(stripe.entry?.args, ['-y', '@stripe/mcp', '--tools=all']);
  assert.deepEqual(stripe.entry.env, { STRIPE_SECRET_KEY: 'sk_test_0123456789' });
  const docker = moved('docker', 'run', '-i', '-e', 'TOKEN=abc', 'acme/server');
  assert.deepEqual(docker.entry?.args, ['run', '-i', '-e', 'TOKEN', 'acme/server']);
  assert.deepEqual(docker.entry.env, { TOKEN: 'abc' });
  for (const args of [
    ['--token', 'abc'],
    ['--token=abc'],
    ['postgresql://a:b@c/d'],
    ['--header', 'Authorization: Bearer abc'],
  ])
    assert.match(moved('server', ...args).left ?? '', /a secret stands among its arguments/);
  assert.match(moved('sh', '-c', 'TOKEN=abc exec server').left ?? '', /among its arguments/);
  assert.equal(moved('server', '--token-file', '/etc/token', '--port', '8080').left, undefined);
});
