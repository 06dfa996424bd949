import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

/* The server as the desktop app runs it: in a process that can start no other Node, statements in a thread. */

const server = fileURLToPath(new URL('../../../resources/servers/sqlite/server.ts', import.meta.url));
const asUtility = 'data:text/javascript,process.type="utility"';
const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';

const folder = mkdtempSync(join(tmpdir(), 'nucleus-sqlite-thread-'));
const file = join(folder, 'shop.db');
new Database(file).exec('CREATE TABLE book (title)').close();
after(() => rmSync(folder, { recursive: true }));

interface Answer {
  readonly id: number;
  readonly result: { readonly isError?: boolean; readonly content: readonly [{ readonly text: string }] };
}

function start(context: TestContext, ...flags: readonly string[]) {
  const child = spawn(process.execPath, ['--import', asUtility, server, '--file', file, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => void child.kill('SIGKILL'));
  const answers = new Map<number, (answer: Answer) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    answers.get(answer.id)?.(answer);
  });
  const say = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (id: number, method: string, params: object): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    answers.set(id, resolve);
    say({ id, method, params });
    return promise;
  };
  const query = (id: number, sql: string): Promise<Answer> =>
    ask(id, 'tools/call', { name: 'query', arguments: { sql } });
  return {
    child,
    query,
    async initialize() {
      await ask(1, 'initialize', {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      });
      say({ method: 'notifications/initialized' });
    },
  };
}

test('in a utility process statements run in a thread', async (context) => {
  const { query, initialize } = start(context);
  await initialize();
  const { result } = await query(2, 'SELECT 1 AS one');
  assert.match(result.content[0].text, /"rows":\[\{"one":1\}\]/);
});

test('there an endless statement is answered, what waits too, and the server ends', async (context) => {
  const { child, query, initialize } = start(context, '--timeout-ms=300');
  await initialize();
  const ended = once(child, 'exit');
  const [stopped, waited] = await Promise.all([query(2, endless), query(3, 'SELECT 1')]);
  assert.match(
    stopped.result.content[0].text,
    /^The statement on shop\.db ran longer than 0\.3 seconds and was stopped/,
  );
  assert.equal(
    waited.result.content[0].text,
    'The server of shop.db is being started anew; try again in a moment.',
  );
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});

test('there the server ends with its client even while a statement runs', async (context) => {
  const { child, query, initialize } = start(context);
  await initialize();
  await query(2, 'SELECT 1');
  const ended = once(child, 'exit');
  void query(3, endless);
  child.stdin.end();
  await ended;
});
