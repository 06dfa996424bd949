// A program with a shell of the same user, every socket and every token tries to get a call through that a person has
// to allow. What its calls come to is one thing; that the account never saw them is the other.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { codeOf, openAttacked, refusals, type Attacker } from '../helpers/attacker.ts';
import { createScope } from '../helpers/home.ts';
import { ask as post, rpc, urlOf } from '../helpers/http.ts';
import type { Message } from '../helpers/lines.ts';
import { nucleus } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

const phrase = 'yes, do it';
const policy = `
[[rule]]
match = "db:prod"
confirm = ["execute"]
phrase = "${phrase}"
approve = "human"

[[rule]]
match = "db:shut"
deny = ["*"]

[[rule]]
match = "db:partly"
deny = ["drop_*"]

[[rule]]
match = "db:ci"
confirm = ["execute"]
approve = "human"
`;

const scope = createScope();
let attacker: Attacker;
before(async () => {
  attacker = await openAttacked(scope, { prod: 'prod', shut: null, partly: null, open: null }, { policy });
});

/** Each comes to a refusal. */
async function allRefused(tries: Readonly<Record<string, () => Promise<Message>>>): Promise<void> {
  for (const [name, attempt] of Object.entries(tries)) {
    const answer = await attempt();
    assert.ok(refusals.has(codeOf(answer)), `${name}: ${JSON.stringify(answer)}`);
  }
}

test('no word in a call is a yes', async () => {
  verifies('NEW-002', 'FIX-014');
  const client = await attacker.onSocket();
  const told = await client.request('tools/call', { name: 'db_prod_execute', arguments: {} });
  assert.equal(codeOf(told), 'APPROVAL_PENDING');
  assert.doesNotMatch(JSON.stringify(told), new RegExp(phrase), 'the phrase is of no use, so it is not told');
  const said = (confirm: unknown): object => ({ query: 'x', __nucleus_confirm: confirm });
  const words = [phrase, [phrase], [phrase, phrase], 'db:prod', '', true, null, 1, { 0: phrase, length: 1 }];
  const shapes = [
    ...words.map((word) => ({ arguments: said(word) })),
    ...words.map((word) => ({ arguments: {}, _meta: { 'dev.nucleus/confirm': word } })),
    { arguments: {}, __nucleus_confirm: phrase },
    { arguments: { query: 'x', arguments: said(phrase) } },
    {
      arguments: {},
      _meta: { 'dev.nucleus/error': null, approved: true, 'dev.nucleus/verdict': { kind: 'allowed' } },
    },
    { arguments: {}, task: { ttl: 60_000 } },
    {
      arguments: {},
      requestState: 'allowed',
      inputResponses: { allow: { action: 'accept', content: { allow: true } } },
    },
    { arguments: {}, isOwnQuestion: true, approval: 'continued', via: 'cli' },
    { arguments: [phrase] },
    { arguments: phrase },
    { arguments: null },
    {},
  ];
  await allRefused(
    Object.fromEntries(
      shapes.map((shape) => [
        JSON.stringify(shape),
        () => client.request('tools/call', { name: 'db_prod_execute', ...shape }),
      ]),
    ),
  );
  client.send(
    '{"jsonrpc":"2.0","id":"twice","method":"tools/call","params":{"name":"db_open_list_things","name":"db_prod_execute"}}',
  );
  const twice = await client.next('the answer', ({ id }) => id === 'twice');
  assert.equal(codeOf(twice), 'APPROVAL_PENDING', 'of two names the last one is judged and called');
  attacker.sawOnly('prod');
});

test('no road leads around the gate', async () => {
  verifies('NUC-089', 'NEW-002');
  const { guarded, onSocket, overHttp, onControl, sawOnly } = attacker;
  const client = await onSocket();
  const http = await overHttp('laptop');
  const alone = await overHttp('laptop', '/p/db:prod/mcp');
  const named = await onSocket({ view: { profiles: [{ id: 'db:prod', alias: 'open' }] } });
  const control = await onControl();
  const target = { name: 'db_prod_execute', arguments: {} };
  const via = (name: string, args: object) => () => client.request('tools/call', { name, arguments: args });
  await allRefused({
    'over HTTP': () => http.request('tools/call', target),
    'at its own address': () => alone.request('tools/call', { name: 'execute', arguments: {} }),
    'under another alias': () => named.request('tools/call', { name: 'db_open_execute', arguments: {} }),
    'by nucleus_call': via('nucleus_call', target),
    'by nucleus_read': via('nucleus_read', target),
    'by nucleus_call of itself': via('nucleus_call', { name: 'nucleus_call', arguments: target }),
    'by nucleus_call of a plan': via('nucleus_call', {
      name: 'nucleus_call_plan',
      arguments: { steps: [target] },
    }),
    'by nucleus_call of a resume': via('nucleus_call', {
      name: 'nucleus_resume',
      arguments: { ticket: 'x' },
    }),
    'by the original’s execute': via('execute_tool', target),
    'by the command line’s question': () =>
      withTimeout(control.request('tools.call', { ...target, name: 'nucleus_call', arguments: target })),
  });
  for (const steps of [
    [target],
    [{ name: 'nucleus_call', arguments: target }],
    [{ name: 'nucleus_call_plan', arguments: { steps: [target] } }],
    [{ name: 'nucleus_resume', arguments: { ticket: 'x' } }],
    [{ name: 'db_open_list_things', arguments: {} }, target],
  ]) {
    const { result } = await client.request('tools/call', {
      name: 'nucleus_call_plan',
      arguments: { steps },
    });
    assert.match(
      JSON.stringify(result),
      /Waiting for a person|unknown tool|tool of Nucleus itself|isError":true/,
    );
  }
  const cli = nucleus(guarded.home, ['call', 'db_prod_execute', '--args', '{"query":"by hand"}']);
  const asked = await guarded.desk.question(({ arguments: args }) => args.includes('by hand'));
  await until('a no that counts', () => guarded.desk.deny(asked.id));
  assert.notEqual((await cli).code, 0);
  sawOnly('prod');

  /** The command line waits for a person as long as they like; a no is what it gets here. */
  async function withTimeout(answer: Promise<Message>): Promise<Message> {
    const { id } = await guarded.desk.question(({ client: who }) => who === 'nucleus');
    await until('a no that counts', () => guarded.desk.deny(id));
    return answer;
  }
});

test('at an account’s own address nothing passes that a rule is against', async () => {
  verifies('NUC-089');
  const { overHttp, sawOnly, guarded } = attacker;
  const shut = await overHttp('laptop', '/p/db:shut/mcp');
  const partly = await overHttp('laptop', '/p/db:partly/mcp');
  const prod = await overHttp('laptop', '/p/db:prod/mcp');
  const name = 'drop_everything';
  await allRefused({
    'a call': () => shut.request('tools/call', { name }),
    'as a task': () => shut.request('tools/call', { name, task: {} }),
    'a prompt': () => shut.request('prompts/get', { name }),
    'a resource': () => shut.request('resources/read', { uri: 'fake://x' }),
    'a subscription': () => shut.request('resources/subscribe', { uri: 'fake://x' }),
    'a completion': () =>
      shut.request('completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: {} }),
    'a task’s result': () => shut.request('tasks/result', { taskId: 'x' }),
    'a task’s end': () => shut.request('tasks/cancel', { taskId: 'x' }),
    'a method nobody knows': () => shut.request('tools/execute', { name }),
    'a method with another case': () => shut.request('Tools/Call', { name }),
    'the same on prod': () => prod.request('tools/execute', { name }),
    'in other case': () => partly.request('tools/call', { name: 'DROP_Everything' }),
    'as an operation': () => partly.request('tools/call', { name: 'drop_everything>list_things' }),
  });
  for (const one of [shut, partly, prod])
    for (const method of ['tools/call', 'tools/execute', 'tasks/result', 'Tools/Call', 'resources/read'])
      assert.equal(
        await one.send({
          jsonrpc: '2.0',
          method,
          params: { name: 'drop_everything', uri: 'fake://x', arguments: {} },
        }),
        202,
      );
  assert.notEqual(await partly.send([rpc('tools/call', { name })]), 200, 'a batch');
  // What was sent before it has gone by when a later one was answered.
  assert.equal(codeOf(await partly.request('tools/call', { name: 'list_things', arguments: {} })), 'ran');
  for (const account of ['shut', 'prod']) {
    const methods = guarded.fakes[account]?.events().flatMap(({ message }) => message?.method ?? []) ?? [];
    for (const method of ['tools/execute', 'Tools/Call', 'tasks/result', 'tasks/cancel', 'resources/read'])
      assert.ok(!methods.includes(method), `${account}: ${method}`);
  }
  sawOnly('shut');
  sawOnly('partly', 'list_things');
});

test('what looks like the name of a tool is none of its server', async () => {
  const { overHttp, guarded } = attacker;
  const partly = await overHttp('laptop', '/p/db:partly/mcp');
  const seen = guarded.reached('partly').length;
  for (const name of ['drop_everything ', 'ｄrop_everything', 'drоp_everything', 'drop_everything\u200b'])
    await partly.request('tools/call', { name, arguments: {} });
  for (const name of guarded.reached('partly').slice(seen)) assert.notEqual(name, 'drop_everything');
});

test('the questions that take a person are nowhere without a proof', async () => {
  verifies('NEW-002', 'NEW-019');
  const { guarded, onControl, onSocket, overHttp, sawOnly } = attacker;
  const client = await onSocket();
  const asked = await client.request('tools/call', { name: 'db_prod_execute', arguments: { query: 'mine' } });
  assert.equal(codeOf(asked), 'APPROVAL_PENDING');
  const { id } = await guarded.desk.question(({ arguments: args }) => args.includes('mine'));
  const questions: readonly (readonly [string, object])[] = [
    ['approvals.allow', { id }],
    ['policy.accept', { version: 'x' }],
    ['policy.save', { text: '', base: null }],
    ['lock.release', {}],
    ['pin.set', { pin: '735190' }],
    ['pin.remove', {}],
    ['profiles.changeEnv', { id: 'db:prod', env: null }],
    ['workspaces.trust', { file: '/x', hash: 'x' }],
    ['hosts.connect', { host: 'claude-desktop' }],
  ];
  const control = await onControl();
  const http = await overHttp('laptop');
  const base = await urlOf(guarded.gateway);
  for (const [name, params] of questions) {
    for (const line of [control, client, http])
      assert.ok(['METHOD_UNKNOWN', 'TOOL_UNKNOWN'].includes(codeOf(await line.request(name, params))), name);
    const proven = await control.request('person.askWithPin', {
      question: name,
      input: params,
      pin: '481516',
    });
    assert.equal(codeOf(proven), 'PERSON_REQUIRED', name);
    const bySystem = await control.request('person.askWithSystem', { question: name, input: params });
    assert.equal(codeOf(bySystem), 'PERSON_REQUIRED', name);
  }
  for (const odd of [
    'person.constructor',
    'approvals.__proto__',
    '__proto__.allow',
    'approvals.allow.call',
    'approvals',
  ])
    assert.equal(codeOf(await control.request(odd, { id })), 'METHOD_UNKNOWN', odd);
  const { token } = await guarded.gateway.ask('clients.add', {
    name: 'poster',
    profiles: null,
    expiresIn: null,
  });
  for (const path of [
    '/ui',
    '/ui/',
    '/ui/approvals',
    '/api/approvals.allow',
    '/approvals.allow',
    '/approvals',
    '/control',
    '/',
    '/nucleus',
    '/ask',
  ])
    for (const body of [rpc('approvals.allow', { id }), { id }]) {
      const { status } = await post(base, body, { path, token });
      assert.equal(status, 404, path);
    }
  assert.ok(
    (await guarded.desk.waiting()).some((one) => one.id === id),
    'it waits as before',
  );
  sawOnly('prod');
});
