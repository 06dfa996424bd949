// One rule is one decision, whichever way a call takes to its account.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { attach, nucleusErrorOf, textOf, type Attached } from '../helpers/client.ts';
import { openGuarded, type Guarded } from '../helpers/guarded.ts';
import { createScope } from '../helpers/home.ts';
import { addClient, ask as post, openSession, toolCall, urlOf } from '../helpers/http.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';

type Outcome = 'ok' | 'deny' | 'confirm' | 'approve';
/** What comes of the tool, the prompt and the resource. */
type Expected = readonly [tool: Outcome, prompt: Outcome, resource: Outcome];

const rule = (lines: string): string => `[[rule]]\n${lines}\n`;
const alone = (lines: string): string => `defaults = false\n${rule(lines)}`;
const all = (outcome: Outcome): Expected => [outcome, outcome, outcome];

const rules: readonly (readonly [name: string, policy: string, expected: Expected])[] = [
  ['the rules of the class alone', '', ['approve', 'ok', 'ok']],
  ['none at all', 'defaults = false\n', all('ok')],
  ['everything of a profile', alone('match = "db:prod"\ndeny = ["*"]'), all('deny')],
  ['a tool by name', alone('match = "db:prod"\ndeny = ["execute"]'), ['deny', 'ok', 'ok']],
  ['a prompt by pattern', alone('match = "db:prod"\ndeny = ["gr*"]'), ['ok', 'deny', 'ok']],
  ['a resource by address', alone('match = "db:prod"\ndeny = ["fake://*"]'), ['ok', 'ok', 'deny']],
  ['every account', alone('match = "*:*"\ndeny = ["*"]'), all('deny')],
  ['another account', alone('match = "db:other"\ndeny = ["*"]'), all('ok')],
  ['a phrase for all', alone('match = "db:prod"\nconfirm = ["*"]'), all('confirm')],
  ['a phrase in other case', alone('match = "DB:PROD"\nconfirm = ["EXE*"]'), ['confirm', 'ok', 'ok']],
  ['a person for all', alone('match = "db:prod"\napprove = "human"'), all('approve')],
  [
    'a person for a tool',
    alone('match = "db:prod"\nconfirm = ["execute"]\napprove = "human"'),
    ['approve', 'ok', 'ok'],
  ],
  ['a class', alone('env = "prod"\ndeny = ["*"]'), all('deny')],
  ['another class', alone('env = ["staging", "dev"]\ndeny = ["*"]'), all('ok')],
  ['what writes', alone('effect = "writes"\ndeny = ["*"]'), ['deny', 'ok', 'ok']],
  ['what reads', alone('effect = "reads"\ndeny = ["*"]'), ['ok', 'deny', 'deny']],
  ['what destroys', alone('effect = "destroys"\ndeny = ["*"]'), all('ok')],
  [
    'deny beside allow',
    `${alone('match = "db:prod"\nallow = ["*"]')}${rule('match = "db:prod"\ndeny = ["execute"]')}`,
    ['deny', 'ok', 'ok'],
  ],
  ['an exception from the class', rule('match = "db:prod"\nallow = ["execute"]'), all('ok')],
  ['patterns of ids', alone('profile = "db:p*"\nconnector = "x*"\ndeny = ["*"]'), all('ok')],
  ['a pattern of ids', alone('profile = "db:p*"\nconnector = "d*"\ndeny = ["*"]'), all('deny')],
  ['a name in the view', alone('alias = "prod"\ndeny = ["*"]'), all('deny')],
  ['an argument', alone('arguments = { query = "*drop*" }\ndeny = ["*"]'), ['deny', 'ok', 'ok']],
];

const scope = createScope();
const args = { query: 'drop it' };
let guarded: Guarded;
let client: Attached;
let base: string;
let token: string;

before(async () => {
  guarded = await openGuarded(
    scope,
    { prod: 'prod', other: null },
    {
      config: '[approval]\npark_after = "300ms"\n',
      isAttended: false,
      fake: ['--prompts', '--resources'],
    },
  );
  const { gateway, home } = guarded;
  client = await attach(scope, home);
  await client.initialize();
  base = await urlOf(gateway);
  token = await addClient(gateway, 'tester');
  await nucleusOk(home, ['workspace', 'add', home.user, 'place']);
});

const outcomes: Readonly<Record<string, Outcome>> = {
  POLICY_DENIED: 'deny',
  CONFIRM_REQUIRED: 'confirm',
  APPROVAL_REFUSED: 'approve',
};

/** Of a result that may be a refusal. */
function ofResult(result: unknown): Outcome {
  const { code } = nucleusErrorOf(result) ?? {};
  return code === undefined ? 'ok' : (outcomes[code] ?? assert.fail(`${code}: ${textOf(result)}`));
}

/** Of the words a step of a plan, or an error, says. */
function ofText(text: string | undefined): Outcome {
  if (text === undefined) return 'ok';
  if (text.includes('BLOCKED by policy')) return 'deny';
  if (text.includes('CONFIRMATION REQUIRED')) return 'confirm';
  if (text.includes("needs a person's yes")) return 'approve';
  return assert.fail(text);
}

const request = async (method: string, params: object): Promise<Outcome> =>
  ofText((await client.request(method, params)).error?.message);

async function overHttp(path: string, name: string): Promise<Outcome> {
  const session = await openSession(base, { path, token });
  const { message } = await post(base, toolCall(name, args), { path, token, session });
  return ofResult(message.result);
}

async function planned(plan: object): Promise<Outcome> {
  const steps = [{ name: 'db_prod_execute' }, { name: 'db_other_list_things' }];
  const result = await client.call('nucleus_call_plan', { steps, shared_arguments: args, ...plan });
  const { results } = result['structuredContent'] as { results: { error?: string }[] };
  return ofText(results[0]?.error);
}

const tools: Readonly<Record<string, () => Promise<Outcome>>> = {
  direct: async () => ofResult(await client.call('db_prod_execute', args)),
  'at /w': () => overHttp('/w/place/mcp', 'db_prod_execute'),
  'at /p': () => overHttp('/p/db:prod/mcp', 'execute'),
  merged: async () => ofResult(await client.call('db_execute', { ...args, profile: 'prod' })),
  nucleus_call: async () =>
    ofResult(await client.call('nucleus_call', { name: 'db_prod_execute', arguments: args })),
  'a plan': () => planned({}),
  'a comparison': () => planned({ compare: true }),
  execute: async () => ofResult(await client.call('execute', { name: 'db_prod_execute', arguments: args })),
  'the command line': async () =>
    ofResult(await guarded.gateway.ask('tools.call', { name: 'db_prod_execute', arguments: args })),
};

/** A person accepts the text at once; an empty one is no rules. */
async function judgeBy(text: string): Promise<void> {
  const { gateway, desk } = guarded;
  const { text: before } = await gateway.ask('policy.get', {});
  const signal = new AbortController().signal;
  const info = await desk.host.person.policy.save({ text, base: before }, { signal });
  assert.equal(info.state, 'accepted', JSON.stringify(info.problems));
}

/** A call that waits for a person under one rule, and is gone on with under another. */
async function resumedUnder(policy: string): Promise<Outcome> {
  const { desk } = guarded;
  await judgeBy('');
  const leave = desk.host.attendPerson();
  let mark: Record<string, string> | undefined;
  try {
    const parked = await client.call('db_prod_execute', args);
    mark = (parked['_meta'] as Record<string, Record<string, string>>)['dev.nucleus/error'];
    assert.equal(mark?.['code'], 'APPROVAL_PENDING');
    await judgeBy(policy);
  } finally {
    leave();
  }
  return ofResult(await client.call('nucleus_resume', { ticket: mark?.['ticket'] }));
}

for (const [name, policy, [tool, prompt, resource]] of rules)
  test(`${name}: decided alike on every way`, async () => {
    verifies('NUC-089');
    await judgeBy(policy);
    for (const [way, call] of Object.entries(tools)) assert.equal(await call(), tool, way);
    assert.equal(await request('prompts/get', { name: 'db_prod_greet', arguments: { who: 'you' } }), prompt);
    const uri = 'nucleus://db/prod/fake://prod/readme';
    assert.equal(await request('resources/read', { uri }), resource);
    assert.equal(await resumedUnder(policy), tool, 'resumed');
  });

test('the command line says the same, by the words and by its exit code', async () => {
  await judgeBy(alone('match = "db:prod"\ndeny = ["execute"]'));
  const { home, reached } = guarded;
  const before = reached('prod').length;
  const called = await nucleus(home, ['call', 'db_prod_execute', '--args', '{"query":"x"}']);
  assert.equal(called.code, 6);
  assert.match(called.stdout + called.stderr, /BLOCKED by policy: tool "execute" on profile db:prod/);
  await until('nothing reached it', () => reached('prod').length === before);
});
