// nucleus logs, as a person types it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import {
  auditRecord,
  createAuditWriter,
  originalLines,
  writeOriginalLog,
  type AuditWriter,
} from '../helpers/audit-files.ts';
import { attach, controlGateway, startGateway } from '../helpers/client.ts';
import { createFake } from '../helpers/fake.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { openDesk } from '../helpers/host.ts';
import { nucleus, nucleusBin, nucleusJson, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

function logHome(context: TestContext): { home: Home; writer: AuditWriter } {
  const home = createHome(context);
  mkdirSync(home.state, { recursive: true, mode: 0o700 });
  return { home, writer: createAuditWriter(join(home.state, 'audit.log')) };
}

/** Tools of the records that a command shows, oldest first. */
async function tools(home: Home, ...args: readonly string[]): Promise<string> {
  const { stdout } = await nucleusOk(home, ['logs', '--json', ...args]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { tool: string }).tool).join(' ');
}

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const call = (tool: string, changes = {}) => auditRecord({ tool, ...changes });

test('every flag of the original and ours, alone and together, shows the right calls', async (context) => {
  verifies('NUC-097');
  const { home, writer } = logHome(context);
  writer.append(
    call('a', { ts: ago(300) }),
    call('b', { ts: ago(200), connector: 'gitlab', alias: 'home', profile_id: 'gitlab:home' }),
  );
  writer.rotate();
  writer.append(
    call('c', { ts: ago(100), outcome: 'blocked', decision: 'denied', reason: 'No Writes here' }),
  );
  writer.rotate();
  writer.append(
    call('d', { ts: ago(50), client: 'Cursor', principal: 'laptop' }),
    call('e', { ts: ago(1), outcome: 'upstream-error' }),
  );
  for (const [args, expected] of [
    [[], 'a b c d e'],
    [['-n', '2'], 'd e'],
    [['--last', '0'], 'a b c d e'],
    [['--connector', 'GitLab'], 'b'],
    [['--alias', 'home'], 'b'],
    [['--tool', 'C'], 'c'],
    [['--outcome', 'blocked'], 'c'],
    [['--decision', 'DENIED'], 'c'],
    [['--since', '2h'], 'c d e'],
    [['--since', '4h', '--until', '90m'], 'b c'],
    [['--since', ago(110)], 'c d e'],
    [['--client', 'cursor'], 'd'],
    [['--principal', 'laptop'], 'd'],
    [['--profile', 'gitlab:home'], 'b'],
    [['--text', 'writes here'], 'c'],
    [['--since', '4h', '--connector', 'github', '-n', '2'], 'd e'],
    [['--outcome', 'blocked', '--tool', 'a'], ''],
  ] as const)
    assert.equal(await tools(home, ...args), expected, args.join(' '));
});

test('nothing to show says so, and what makes no sense says what does', async (context) => {
  const { home } = logHome(context);
  assert.deepEqual(await nucleus(home, ['logs']), { code: 0, stdout: '', stderr: '(no audit entries)\n' });
  for (const [args, sentence] of [
    [['--last', 'x'], /--last wants a number/],
    [['--since', 'yesterday'], /--since wants how long ago/],
    [['--follow', '--until', '1h'], /--follow goes on/],
    [['export'], /say where to: nucleus logs export FILE/],
    [['show', 'file'], /--path names a log/],
    [['--force'], /belong to nucleus logs export/],
    [['export', 'x', '--format', 'xml'], /--format is jsonl or csv/],
    [['verify', '-f'], /cannot follow/],
  ] as const) {
    const { code, stderr } = await nucleus(home, ['logs', ...args]);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, sentence);
  }
});

test('the log of the original is shown as it was, and beside ours', async (context) => {
  verifies('NUC-097', 'NUC-098');
  const { home, writer } = logHome(context);
  writeOriginalLog(writer.path, originalLines.slice(3), originalLines.slice(0, 3));
  const pretty = await nucleusOk(home, ['logs'], { env: { TZ: 'UTC' } });
  assert.equal(
    pretty.stdout,
    `2026-03-01 09:00:00 OK  supabase:atlas         list_projects           412ms direct
2026-03-01 09:00:01 BLK supabase:atlas         execute_sql               0ms nucleus_call       rule 2: no writes ⏎ on prod
2026-03-01 09:00:02 BLK supabase:atlas         apply_migration           0ms nucleus_call
2026-03-01 09:00:03 BLK supabase:atlas         apply_migration           0ms nucleus_call
2026-03-01 09:00:04 ERR github:work            create_issue             88ms nucleus_call_plan  tool error
2026-03-01 09:00:05 ERR github:work            get_me                 30000ms direct             EOF
`,
  );
  const json = await nucleusOk(home, ['logs', '--json']);
  assert.equal(json.stdout, originalLines.map((line) => `${line}\n`).join(''), 'lines as they are');
  writer.rotate();
  writer.append(call('ours'));
  assert.equal(await tools(home, '-n', '3'), 'create_issue get_me ours');
  const args = await nucleusOk(home, ['logs', '--tool', 'execute_sql', '--show-hash', '--show-args']);
  assert.match(args.stdout, /on prod sha256:44136fa\w+ \{project_id, query\}\n$/);
});

test('whatever stands in a log, nothing crashes and the output is valid text', async (context) => {
  verifies('NUC-098');
  const { home, writer } = logHome(context);
  const torn = Buffer.from(JSON.stringify(call('torn', { reason: '😀' })));
  writer.append(
    call('big', { reason: `😀${'x'.repeat(2 * 1024 * 1024)}` }),
    '{"ts":"2026-11-20T',
    '[]',
    call('short', { outcome: 'o', args_hash: 's' }),
    call('emoji 👩‍👩‍👧', { reason: '🎉' }),
    call('\u001b[31mred\u0007', {
      alias: '\u202egnp.exe',
      via: '\u009b2J',
      reason: 'a\r\nb\u001b]0;title\u0007',
    }),
    call('half', { reason: '\ud83d' }),
  );
  appendFileSync(writer.path, Buffer.concat([torn.subarray(0, torn.indexOf('😀') + 2), Buffer.from('\n')]));
  for (const args of [
    ['logs', '--show-hash', '--show-args', '--show-policy'],
    ['logs', '--json'],
    ['logs', '--json', '--tool', 'big'],
  ]) {
    const child = spawn(nucleusBin, args, { env: { ...home.env } });
    const parts: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const stdout = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
    assert.equal(code, 0);
    assert.match(stderr, /^note: 3 malformed lines were skipped\n$/);
    assert.equal(stdout.split('\n').length - 1, args.includes('--tool') ? 1 : 5);
    if (args.includes('--json')) for (const line of stdout.trim().split('\n')) JSON.parse(line);
    else assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  }
});

test('on a terminal lines are cut to its width, and JSON acts on nothing', async (context) => {
  verifies('NUC-098');
  const { home, writer } = logHome(context);
  writer.append(call('tool', { reason: '\u009b31m '.repeat(20) }));
  const screen = async (command: string): Promise<string> => {
    const child = spawn('script', ['-qec', `stty cols 72; ${nucleusBin} ${command}`, '/dev/null'], {
      env: { ...home.env, TERM: 'xterm' },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await new Promise((resolve) => child.once('close', resolve));
    return text.replaceAll('\r\n', '\n');
  };
  const shown = await screen('logs');
  assert.match(shown, /^.{71}…\n$/u);
  const json = await screen('logs --json');
  assert.doesNotMatch(json, /\u009b/);
  assert.equal((JSON.parse(json) as { tool: string }).tool, 'tool');
});

test('follow shows what is called from now on, over rotations', async (context) => {
  verifies('NUC-097');
  const { home, writer } = logHome(context);
  writer.append(call('x0'), call('a'), call('other'));
  const child = spawn(nucleusBin, ['logs', '-f', '--json', '-n', '1', '--text', 'x'], {
    env: { ...home.env },
  });
  context.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const shows = (expected: string) =>
    until(`follow shows ${expected}`, () => {
      const seen = [...text.matchAll(/"tool":"(\w+)"/g)].map(([, tool]) => tool).join(' ');
      return seen === expected;
    });
  await shows('x0');
  writer.append(call('x1'), call('no'));
  await shows('x0 x1');
  writer.append(call('x2'));
  writer.rotate();
  writer.append(call('x3'));
  writer.rotate();
  await shows('x0 x1 x2 x3');
  writer.append(call('x4'));
  await shows('x0 x1 x2 x3 x4');
});

test('export writes the lines as they are into a private file, and replaces none unasked', async (context) => {
  const { home, writer } = logHome(context);
  writer.append(call('a', { ts: ago(300) }));
  writer.rotate();
  writer.append(
    call('b', { ts: ago(1) }),
    'not a record',
    call('c', { ts: ago(0), reason: '=1+1, "quoted"\nline' }),
  );
  const target = home.path('user', 'calls.jsonl');
  const { stderr } = await nucleusOk(home, ['logs', 'export', 'calls.jsonl']);
  assert.equal(stderr, `note: 1 malformed lines were left out\n3 records are in ${target}\n`);
  const lines = (path: string): string[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /"tool"/.test(line));
  assert.deepEqual(lines(target), [...lines(`${writer.path}.1`), ...lines(writer.path)]);
  assert.equal(statSync(target).mode & 0o777, 0o600);

  const again = await nucleus(home, ['logs', 'export', 'calls.jsonl']);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /calls\.jsonl is there already; name another file, or add --force/);
  writeFileSync(target, 'mine', { mode: 0o644 });
  const forced = await nucleusJson(home, ['logs', 'export', target, '--force', '--since', '1h', '-n', '1']);
  assert.deepEqual(forced, { file: target, records: 1, malformed: 1 });
  assert.deepEqual(lines(target), lines(writer.path).slice(-1));
  assert.equal(statSync(target).mode & 0o777, 0o600);

  await nucleusOk(home, ['logs', 'export', 'calls.csv', '--format', 'csv']);
  const csv = readFileSync(home.path('user', 'calls.csv'), 'utf8').split('\r\n');
  assert.equal(
    csv[0],
    'ts,connector,alias,profile_id,tool,via,decision,outcome,duration_ms,args_keys,args_hash,reason,client,principal,policy,approval,effect,seq',
  );
  assert.match(csv[3] ?? '', /,c,direct,allowed,ok,12,,,"'=1\+1, ""quoted""\nline",claude,local,,,,5$/);

  const nowhere = await nucleus(home, ['logs', 'export', 'no/such/folder/x']);
  assert.equal(nowhere.code, 1);
  assert.deepEqual(
    readdirSync(home.user).filter((name) => name.startsWith('calls')),
    ['calls.csv', 'calls.jsonl'],
  );
});

test('another log than our own is read with --path', async (context) => {
  const { home } = logHome(context);
  writeOriginalLog(home.path('user', 'old.log'), originalLines);
  assert.equal(await tools(home, '--path', 'old.log', '-n', '1'), 'get_me');
});

test('what clients call is found over the private socket', async (context) => {
  const home = createHome(context);
  const gateway = await startGateway(context, home);
  await gateway.add(createFake(home, 'alpha'));
  await gateway.ask('profiles.setEnv', { id: 'fake:alpha', env: 'dev' });
  const client = await attach(context, home);
  await client.initialize();
  for (let index = 0; index < 3; index++) await client.call('fake_alpha_echo', { text: String(index) });
  const page = await until('three records', async () => {
    const found = await gateway.ask('audit.query', { filters: { words: 'echo', env: ['dev'] }, limit: 2 });
    return found.next !== null && found;
  });
  assert.deepEqual(
    page.rows.map(({ tool, profile, env, outcome }) => [tool, profile, env, outcome]),
    [
      ['echo', 'fake:alpha', 'dev', 'ok'],
      ['echo', 'fake:alpha', 'dev', 'ok'],
    ],
  );
  const rest = await gateway.ask('audit.query', { before: page.next, filters: { words: 'echo' } });
  assert.deepEqual([rest.rows.length, rest.next], [1, null]);
  const { line } = await gateway.ask('audit.record', { id: rest.rows[0]?.id ?? '' });
  assert.match(line ?? '', /"tool":"echo"/);
  const now = Date.now();
  const asked = {
    since: now - 600_000,
    until: now + 600_000,
    buckets: 2,
    filters: { profile: ['fake:alpha'] },
  };
  const { total, failed, buckets } = await gateway.ask('audit.timeline', asked);
  assert.deepEqual([total, failed, buckets.map(({ byEnv }) => byEnv)], [3, 0, [{ dev: 3 }, {}]]);
});

test('windows hear of new calls, and whether they are sealed', async (context) => {
  const home = createHome(context, '[http]\nenabled = false\n');
  const { host } = await openDesk(context, home);
  const gateway = await controlGateway(context, home);
  await gateway.add(createFake(home, 'alpha'));
  const topics: string[] = [];
  context.after(host.onChange((more) => void topics.push(...more)));
  const client = await attach(context, home);
  await client.initialize();
  await client.call('fake_alpha_echo', { text: 'x' });
  await until('the window is told', () => topics.includes('activity'));
  const { rows } = await gateway.ask('audit.query', {});
  const seq = rows[0]?.seq ?? assert.fail('the call has no number');
  const { line, isSealed } = await gateway.ask('audit.record', { seq });
  assert.match(
    line ?? '',
    new RegExp(`"tool":"echo".*"seq":${seq},"prev":"[0-9a-f]{64}","hash":"[0-9a-f]{64}"}$`),
  );
  assert.equal(isSealed, false);
  assert.equal((await gateway.ask('audit.verify', {})).state, 'intact');
});
