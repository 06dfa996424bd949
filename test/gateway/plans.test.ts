// nucleus_call and nucleus_call_plan as clients of both eras meet them: several accounts in one call.
import assert from 'node:assert/strict';
import test, { before, describe } from 'node:test';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Comparison } from '../../src-main/gateway/routing/compare/comparison.ts';
import { clientEnvironment, startGateway, textOf } from '../helpers/client.ts';
import { createFake, type Fake } from '../helpers/fake.ts';
import { createHome, createScope, type Home, type Scope } from '../helpers/home.ts';
import { nucleusBin, nucleusOk } from '../helpers/nucleus.ts';
import { verifies } from '../helpers/requirements.ts';
import { leastTime, until } from '../helpers/until.ts';

type Json = Readonly<Record<string, unknown>>;
interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: {
    progress: number;
    total?: number | undefined;
    message?: string | undefined;
  }) => void;
}
interface Caller {
  call(name: string, args: Json, options?: CallOptions): Promise<Json>;
  /** What it was asked during calls, in the words of the question; it says yes to everything. */
  readonly asked: string[];
}
interface PlanAnswer {
  readonly steps: number;
  readonly successes: number;
  readonly failures: number;
  readonly parallelism: number;
  readonly results: readonly {
    readonly index: number;
    readonly name: string;
    readonly profile: string;
    readonly result?: Json;
    readonly error?: string;
    readonly left_out?: string;
    readonly duration_ms: number;
  }[];
  readonly comparison?: Comparison;
}

const accept = (asked: string[], message: unknown) => {
  asked.push(String(message));
  return { action: 'accept' as const, content: { ok: true } };
};

/** A client of 2025-11-25, as the v1 SDK makes it. */
async function connectLegacy(scope: Scope, home: Home): Promise<Caller> {
  const client = new Client({ name: 'plans', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  const asked: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => accept(asked, params.message));
  scope.after(() => client.close());
  await client.connect(
    new StdioClientTransport({
      command: nucleusBin,
      args: ['serve'],
      env: clientEnvironment(home),
      stderr: 'ignore',
    }),
  );
  return {
    asked,
    call: (name, args, options) =>
      client.callTool({ name, arguments: { ...args } }, CallToolResultSchema, options),
  };
}

/** A client of 2026-07-28, as the v2 SDK makes it. */
async function connectModern(scope: Scope, home: Home): Promise<Caller> {
  const client = new ModernClient(
    { name: 'plans', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } }, capabilities: { elicitation: { form: {} } } },
  );
  const asked: string[] = [];
  client.setRequestHandler('elicitation/create', ({ params }) => accept(asked, params.message));
  scope.after(() => client.close());
  await client.connect(
    new ModernTransport({
      command: nucleusBin,
      args: ['serve'],
      env: clientEnvironment(home),
      stderr: 'ignore',
    }),
  );
  return {
    asked,
    call: (name, args, options) => client.callTool({ name, arguments: { ...args } }, options),
  };
}

/** What a plan answered, and that its text and its data are the same. */
function planOf(result: Json): PlanAnswer {
  assert.notEqual(result['isError'], true, JSON.stringify(result));
  const plan = JSON.parse(textOf(result)) as PlanAnswer;
  assert.deepEqual(result['structuredContent'], plan);
  return plan;
}

for (const [era, connect] of [
  ['2025-11-25', connectLegacy],
  ['2026-07-28', connectModern],
] as const) {
  const scope = createScope();
  const home = createHome(scope);
  const [a, b] = [createFake(home, 'a'), createFake(home, 'b')];
  const fakes: readonly Fake[] = [a, b];
  const calls = (): number => fakes.reduce((sum, fake) => sum + fake.received('tools/call').length, 0);
  let client: Caller;
  const plan = async (args: Json, options?: CallOptions): Promise<PlanAnswer> =>
    planOf(await client.call('nucleus_call_plan', args, options));

  before(async () => {
    const gateway = await startGateway(scope, home);
    await Promise.all(fakes.map((fake) => gateway.add(fake)));
    client = await connect(scope, home);
  });

  describe(`a client of ${era}`, () => {
    test('nucleus_call answers what the tool itself answers', async () => {
      verifies('NUC-071');
      const json = `{"content":[{"type":"resource_link","uri":"file:///x","name":"x"},{"type":"text","text":"ü","_meta":{"a":1}}],"structuredContent":{"n":1.50},"_meta":{"example.com/kept":[1]},"more":{}}`;
      for (const [tool, args] of [
        ['raw', { json }],
        ['fail', { text: 'no such row' }],
      ] as const) {
        const direct = await client.call(`fake_a_${tool}`, args);
        const through = await client.call('nucleus_call', { name: `fake_a_${tool}`, arguments: args });
        assert.deepEqual(through, direct);
      }
      const failed = client.call('nucleus_call', {
        name: 'fake_b_error',
        arguments: { code: -32055, message: 'quota', data: { left: 0 } },
      });
      await assert.rejects(failed, (error: { code: number; message: string; data: unknown }) => {
        assert.deepEqual([error.code, error.data], [-32055, { left: 0 }]);
        return /quota/.test(error.message);
      });
    });

    test('nucleus_call with a name that leads nowhere names the nearest, and calls nothing', async () => {
      verifies('NUC-072');
      const before = calls();
      const unknown = await client.call('nucleus_call', { name: 'fake_a_ecko', arguments: {} });
      assert.equal(unknown['isError'], true);
      assert.match(
        textOf(unknown),
        /^unknown tool "fake_a_ecko"\. Call nucleus_find_tool first to discover valid names\. Did you mean fake_a_echo, .*\? Loaded: fake \[a, b\] \(\d+ tools\)$/,
      );
      for (const name of ['fake_z_echo', 'nucleus_call', 'nucleus_call_plan', '', 7, null, undefined])
        assert.equal((await client.call('nucleus_call', { name, arguments: {} }))['isError'], true);
      assert.equal(calls(), before);
    });

    test('steps run in parallel, and their results come in their order, each with its profile', async () => {
      verifies('NUC-073');
      const steps = Array.from({ length: 8 }, (_, n) => ({
        name: `fake_${n % 2 ? 'b' : 'a'}_sleep`,
        // The last ones of each four would answer first.
        arguments: { ms: 300 - (n % 4) * 10, text: `step ${n}` },
      }));
      const least = await leastTime(1_500, async () => {
        const { results, ...counts } = await plan({ steps, parallelism: 4 });
        assert.deepEqual(counts, { steps: 8, successes: 8, failures: 0, parallelism: 4 });
        assert.deepEqual(
          results.map(({ index, name, profile, result }) => [index, name, profile, textOf(result)]),
          steps.map(({ name }, n) => [n, name, n % 2 ? 'fake:b' : 'fake:a', `step ${n}`]),
        );
      });
      assert.ok(least < 1_500, `${least} ms`);
      const single = await plan({ steps: steps.slice(0, 2).map(({ name }) => ({ name })) });
      assert.equal(single.parallelism, 2, 'never more than there are steps');
    });

    test('a plan that is wrong anywhere says where, and calls nothing at all', async () => {
      verifies('NUC-074');
      const good = { name: 'fake_a_echo', arguments: { text: 'x' } };
      const two = [good, { name: 'fake_b_echo' }];
      const many = (count: number): Json[] => Array.from({ length: count }, () => good);
      const withFifth = (step: unknown): unknown[] => [...many(4), step, ...many(3)];
      const wrong: readonly (readonly [args: Json, sentence: string | RegExp])[] = [
        [{}, 'steps is required and must be a non-empty array'],
        [{ steps: [] }, 'steps is required and must be a non-empty array'],
        [{ steps: 'fake_a_echo' }, 'steps is required and must be a non-empty array'],
        [{ steps: many(33) }, 'too many steps: 33 > 32. Split the plan into several calls'],
        [{ steps: withFifth('fake_a_echo') }, 'steps[4] must be an object'],
        [{ steps: withFifth({ arguments: {} }) }, 'steps[4].name is required'],
        [{ steps: withFifth({ name: 5 }) }, 'steps[4].name is required'],
        [
          { steps: withFifth({ name: 'fake_a_ecko' }) },
          /^steps\[4\]: unknown tool "fake_a_ecko"\. .*Did you mean fake_a_echo/,
        ],
        [{ steps: withFifth({ name: 'fake_z_echo' }) }, /^steps\[4\]: unknown tool "fake_z_echo"\. /],
        [
          { steps: withFifth({ name: 'fake_echo', arguments: { profile: 'z' } }) },
          'steps[4]: profile must name the account of fake to use: one of a, b',
        ],
        [
          { steps: withFifth({ name: 'fake_a_echo', arguments: 'x' }) },
          'steps[4].arguments must be an object; it was "x"',
        ],
        [
          { steps: withFifth({ name: 'fake_a_echo', arguments: [1] }) },
          'steps[4].arguments must be an object; it was [1]',
        ],
        [
          { steps: withFifth({ name: 'nucleus_call_plan', arguments: { steps: two } }) },
          /^steps\[4\]: "nucleus_call_plan" is a tool of Nucleus itself/,
        ],
        [{ steps: two, shared_arguments: ['x'] }, 'shared_arguments must be an object'],
        ...[0, -1, 0.5, '4', {}].map(
          (parallelism) =>
            [{ steps: two, parallelism }, /^parallelism must be a whole number, 1 or more; it was /] as const,
        ),
        ...[0, -1, 0.5, 600_001, '1s'].map(
          (timeout_ms) =>
            [
              { steps: two, timeout_ms },
              /^timeout_ms must be a whole number, from 1 to 600000; it was /,
            ] as const,
        ),
        [{ steps: two, dry_run: 'yes' }, 'dry_run must be true or false; it was "yes"'],
        [{ steps: two, compare: 1 }, 'compare must be true or false; it was 1'],
        [{ steps: [good], compare: true }, 'compare needs two steps or more'],
        [
          { steps: two, compare_base: 'fake:a' },
          'compare_base says what to compare with; it needs compare: true',
        ],
        [
          { steps: two, compare: true, compare_base: 'fake:z' },
          'compare_base must be the profile of a step: fake:a, fake:b; it was "fake:z"',
        ],
      ];
      const before = calls();
      for (const [args, sentence] of wrong) {
        const result = await client.call('nucleus_call_plan', args);
        assert.equal(result['isError'], true, JSON.stringify(args));
        if (typeof sentence === 'string') assert.equal(textOf(result), sentence);
        else assert.match(textOf(result), sentence);
      }
      assert.equal(calls(), before);
    });

    test('more parallelism than there may be is lowered, and nothing hangs', async () => {
      verifies('NUC-074');
      const steps = Array.from({ length: 32 }, () => ({ name: 'fake_a_echo' }));
      for (const parallelism of [99, 1e9]) {
        const { successes, parallelism: real } = await plan({ steps, parallelism });
        assert.deepEqual([successes, real], [32, 16]);
      }
      assert.equal((await plan({ steps, parallelism: null })).parallelism, 4);
    });

    test('a step that fails or hangs leaves the others alone, and is cancelled at its time', async () => {
      verifies('NUC-075');
      const cancels = b.received('notifications/cancelled').length;
      const started = performance.now();
      const { successes, failures, results } = await plan({
        steps: [
          { name: 'fake_a_echo', arguments: { text: 'one' } },
          { name: 'fake_b_fail', arguments: { text: 'no such table' } },
          { name: 'fake_b_hang' },
          { name: 'fake_a_error', arguments: { code: -32055, message: 'quota' } },
          { name: 'fake_b_echo', arguments: { text: 'five' } },
        ],
        parallelism: 2,
        timeout_ms: 400,
      });
      const took = performance.now() - started;
      assert.ok(took >= 400 && took < 10_000, `${took} ms`);
      assert.deepEqual([successes, failures], [2, 3]);
      assert.deepEqual(
        results.map(({ profile, result, error }) => [profile, result && textOf(result), error]),
        [
          ['fake:a', 'one', undefined],
          ['fake:b', 'no such table', 'no such table'],
          [
            'fake:b',
            undefined,
            'no answer from fake:b within 400 ms; the call was cancelled and may have run. Raise timeout_ms, or call fake_b_hang by itself',
          ],
          ['fake:a', undefined, 'the upstream answered with an error: quota'],
          ['fake:b', 'five', undefined],
        ],
      );
      await until('the cancel', () => b.received('notifications/cancelled').length === cancels + 1);
    });

    test('shared arguments reach every step, and those of a step win', async () => {
      verifies('NUC-076');
      const seen = fakes.map((fake) => fake.received('tools/call').length);
      const { results } = await plan({
        shared_arguments: { text: 'shared', limit: 5, profile: 'b' },
        steps: [
          { name: 'fake_a_echo' },
          { name: 'fake_b_echo', arguments: { text: 'own', nothing: null } },
          // One tool of all accounts, told apart by an argument.
          { name: 'fake_echo', arguments: { profile: 'a', text: 'merged' } },
        ],
        parallelism: 1,
      });
      assert.deepEqual(
        results.map(({ profile, result }) => [profile, textOf(result)]),
        [
          ['fake:a', 'shared'],
          ['fake:b', 'own'],
          ['fake:a', 'merged'],
        ],
      );
      const received = fakes.map((fake, at) =>
        fake
          .received('tools/call')
          .slice(seen[at])
          .map(({ message }) => message?.params?.['arguments']),
      );
      assert.deepEqual(received, [
        [
          { text: 'shared', limit: 5, profile: 'b' },
          { text: 'merged', limit: 5 },
        ],
        [{ text: 'own', limit: 5, profile: 'b', nothing: null }],
      ]);
    });

    test('compare adds what differs, and every digit of every result survives', async () => {
      verifies('NEW-005');
      const users = (email: string, id: string): string =>
        `{"content":[],"structuredContent":{"users":[{"id":7,"email":"${email}"},{"id":${id},"email":"big"}]},"_meta":{"kept":1.50}}`;
      const steps = [
        { name: 'fake_a_raw', arguments: { json: users('a@x', '12345678901234567890') } },
        { name: 'fake_b_raw', arguments: { json: users('b@x', '12345678901234567891') } },
      ];
      const result = await client.call('nucleus_call_plan', { steps, compare: true });
      const text = textOf(result);
      for (const {
        arguments: { json },
      } of steps)
        assert.ok(
          text.includes(json.slice(json.indexOf('"structuredContent"'), json.indexOf(',"_meta"'))),
          text,
        );
      const { comparison } = JSON.parse(text) as PlanAnswer;
      assert.ok(comparison);
      assert.equal(comparison.base, 'fake:a');
      assert.deepEqual(comparison.profiles[0]?.counts, { added: 1, removed: 1, changed: 1, unchanged: 0 });
      assert.equal(
        comparison.summary,
        'b and a: users: 1 row only in a, 1 row only in b, 1 row changed: id 7 email a@x -> b@x',
      );
      const [removed] = comparison.profiles[0].removed;
      assert.deepEqual(removed?.key, { id: '12345678901234567890' });

      const other = await plan({ steps, compare: true, compare_base: 'fake:b' });
      assert.equal(other.comparison?.base, 'fake:b');
      const half = await plan({ steps: [...steps, { name: 'fake_b_fail' }], compare: true });
      assert.equal(half.comparison?.profiles.length, 1);
      assert.equal((await plan({ steps })).comparison, undefined);
    });

    test('the results of 10,000 rows are compared, and what does not fit in one message is left out', async () => {
      verifies('NEW-005');
      const steps = ['a', 'b'].map((alias, side) => ({
        name: `fake_${alias}_rows`,
        arguments: { count: 10_000, side },
      }));
      const result = await client.call('nucleus_call_plan', { steps, compare: true });
      const { comparison, results } = JSON.parse(textOf(result)) as PlanAnswer;
      assert.equal(comparison?.profiles[0]?.counts.changed, 1_000);
      assert.ok(results.every((step) => step.result || step.left_out));
      // Each result is 1.8 MiB: all of it as text and as data would be more than clients of the SDK take.
      assert.ok(Buffer.byteLength(JSON.stringify(result)) < 10 * 1024 * 1024);
      assert.equal((await client.call('fake_a_echo', { text: 'still here' }))['isError'], undefined);
      const more = await client.call('nucleus_call_plan', {
        steps: [...steps, ...steps, ...steps, ...steps],
        compare: true,
      });
      const many = JSON.parse(textOf(more)) as PlanAnswer;
      assert.deepEqual([many.successes, many.comparison?.profiles.length], [8, 7]);
      const left = many.results.filter(({ left_out }) => left_out !== undefined);
      assert.ok(left.length > 0 && left.length < 8, String(left.length));
      assert.match(
        left[0]?.left_out ?? '',
        /^its result has \d\.\d MiB and was left out, because this client/,
      );
    });

    test('what steps tell of their progress reaches the client as one progress that only rises', async () => {
      const heard: [progress: number, total: number | undefined, message: string | undefined][] = [];
      const { successes } = await plan(
        {
          steps: [
            { name: 'fake_a_progress', arguments: { n: 4 } },
            { name: 'fake_b_sleep', arguments: { ms: 100 } },
          ],
          parallelism: 1,
        },
        { onprogress: ({ progress, total, message }) => heard.push([progress, total, message]) },
      );
      assert.equal(successes, 2);
      // The SDK may drop what it reads together with the answer, which is the last.
      assert.deepEqual(heard.slice(0, 4), [
        [0.25, 2, 'step 1'],
        [0.5, 2, 'step 2'],
        [0.75, 2, 'step 3'],
        [1, 2, 'step 4'],
      ]);
      assert.deepEqual(
        heard.slice(4).filter(([progress]) => progress !== 2),
        [],
      );
    });

    test('a plan that is cancelled cancels every call it made, and makes no more', async () => {
      const seen = calls();
      const cancels = fakes.map((fake) => fake.received('notifications/cancelled').length);
      const hanging = (fake: Fake) =>
        fake.received('tools/call').filter(({ message }) => message?.params?.['name'] === 'hang');
      const before = fakes.map((fake) => hanging(fake).length);
      const controller = new AbortController();
      const steps = ['fake_a_hang', 'fake_b_hang', 'fake_a_echo', 'fake_b_echo'].map((name) => ({ name }));
      const given = client.call(
        'nucleus_call_plan',
        { steps, parallelism: 2 },
        { signal: controller.signal },
      );
      const outcome = given.then(
        () => 'answered',
        () => 'given up',
      );
      await until('both calls', () => fakes.every((fake, at) => hanging(fake).length > (before[at] ?? 0)));
      controller.abort();
      assert.equal(await outcome, 'given up');
      for (const [at, fake] of fakes.entries()) {
        const last = () => fake.received('notifications/cancelled')[cancels[at] ?? 0];
        const cancel = await until('the cancel', last);
        assert.equal(cancel.message?.params?.['requestId'], hanging(fake).at(-1)?.message?.id);
      }
      await client.call('fake_a_echo', {});
      assert.equal(calls(), seen + 3, 'no step is called after the cancel');
    });

    test('what several steps ask at once reaches the client, each with its account', async () => {
      const asking = {
        method: 'elicitation/create',
        params: { message: 'Delete it?', requestedSchema: { type: 'object', properties: {} } },
      };
      client.asked.length = 0;
      const before = calls();
      const { results } = await plan({
        steps: ['fake_a_ask', 'fake_b_ask'].map((name) => ({ name, arguments: asking })),
      });
      assert.deepEqual(client.asked.toSorted(), ['[fake/a] Delete it?', '[fake/b] Delete it?']);
      for (const { result } of results)
        assert.deepEqual(JSON.parse(textOf(result)), { result: { action: 'accept', content: { ok: true } } });
      assert.equal(calls(), before + 2, 'no step runs twice');
    });

    test('a dry run says what would happen, and calls nothing', async () => {
      const before = calls();
      const preview = await client.call('nucleus_call_plan', {
        steps: [{ name: 'fake_a_echo' }, { name: 'fake_echo', arguments: { profile: 'b' } }],
        shared_arguments: { text: 'x' },
        dry_run: true,
      });
      assert.deepEqual(JSON.parse(textOf(preview)), {
        dry_run: true,
        steps: 2,
        parallelism: 2,
        timeout_ms: 60_000,
        results: [
          {
            index: 0,
            name: 'fake_a_echo',
            profile: 'fake:a',
            tool: 'echo',
            decision: 'allow',
            arguments: { text: 'x' },
          },
          {
            index: 1,
            name: 'fake_echo',
            profile: 'fake:b',
            tool: 'echo',
            decision: 'allow',
            arguments: { text: 'x', profile: 'b' },
          },
        ],
      });
      assert.equal(calls(), before);
    });

    test('each step is in the record like any other call', async () => {
      await plan({ steps: [{ name: 'fake_a_echo' }, { name: 'fake_b_fail' }], parallelism: 1 });
      const { stdout } = await nucleusOk(home, ['logs', '--json', '--last', '2']);
      const logged = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Json);
      assert.deepEqual(
        logged.map(({ profile_id, tool, via, outcome }) => [profile_id, tool, via, outcome]),
        [
          ['fake:a', 'echo', 'nucleus_call_plan', 'ok'],
          ['fake:b', 'fail', 'nucleus_call_plan', 'upstream-error'],
        ],
      );
    });
  });
}
