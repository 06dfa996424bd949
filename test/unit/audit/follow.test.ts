import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { followAudit } from '../../../src-main/gateway/audit/follow.ts';
import { readAuditTail } from '../../../src-main/gateway/audit/read.ts';
import { auditRecord, createAuditWriter, type AuditWriter } from '../../helpers/audit-files.ts';

function writer(context: TestContext): AuditWriter {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-follow-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return createAuditWriter(join(folder, 'audit.log'));
}

/** What is seen when one of `steps` is done before each look. */
async function follow(
  path: string,
  ...steps: readonly (() => void)[]
): Promise<readonly (readonly string[])[]> {
  const { end } = await readAuditTail(path, {}, 50, true);
  const seen: string[][] = [];
  let done = 0;
  const pause = async (): Promise<boolean> => {
    const step = steps[done];
    if (!step) return false;
    done += 1;
    seen.push([]);
    step();
    return true;
  };
  for await (const { found, isGap } of followAudit(path, {}, end, pause))
    seen.at(-1)?.push(...(isGap ? ['gap'] : []), ...found.map(({ record }) => record.tool));
  return seen;
}

const call = (tool: string): ReturnType<typeof auditRecord> => auditRecord({ tool });

test('what is written is seen once, with nothing in between', async (context) => {
  const { append, path } = writer(context);
  append(call('old'));
  assert.deepEqual(
    await follow(
      path,
      () => append(call('a'), call('b')),
      () => {},
      () => append(call('c')),
    ),
    [['a', 'b'], [], ['c']],
  );
});

test('a rotation is followed, with what was written before it and behind it', async (context) => {
  const { append, rotate, path } = writer(context);
  append(call('old'));
  assert.deepEqual(
    await follow(
      path,
      () => {
        append(call('a'));
        rotate();
        append(call('b'));
        rotate();
        append(call('c'));
      },
      () => rotate(),
      () => append(call('d')),
    ),
    [['a', 'b', 'c'], [], ['d']],
  );
});

test('more than is kept is said to be missing', async (context) => {
  const { append, rotate, path } = writer(context);
  append(call('old'));
  const seen = await follow(path, () => {
    for (const tool of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      append(call(tool));
      rotate();
    }
    append(call('h'));
  });
  assert.deepEqual(seen, [['gap', 'c', 'd', 'e', 'f', 'g', 'h']]);
});

test('a line that has no end yet is seen when it has one', async (context) => {
  const { append, path } = writer(context);
  append(call('old'));
  const line = JSON.stringify(call('a'));
  appendFileSync(path, line.slice(0, 30));
  assert.deepEqual(
    await follow(
      path,
      () => appendFileSync(path, line.slice(30)),
      () => appendFileSync(path, '\n'),
    ),
    [[], ['a']],
  );
});

test('a log that is not there yet is seen when it comes, one that was begun anew is read from its start', async (context) => {
  const { append, path } = writer(context);
  assert.deepEqual(
    await follow(
      path,
      () => {},
      () => append(call('a'), call('b')),
      () => {
        truncateSync(path, 0);
        append(call('c'));
      },
    ),
    [[], ['a', 'b'], ['gap', 'c']],
  );
});
