import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { polkitProof } from '../../src-main/gateway/polkit.ts';
import { failsWith } from './storage/support.ts';

const uid = 1_000;
const { signal } = new AbortController();

/** A stand-in for pkcheck that writes its words down and ends as it is told. */
function pkcheckThat(t: TestContext, ends: string): { pkcheck: string; policy: string; words(): string } {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-polkit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pkcheck = join(folder, 'pkcheck');
  const policy = join(folder, 'policy');
  writeFileSync(pkcheck, `#!/bin/sh\necho "$@" > ${folder}/words\n${ends}\n`, { mode: 0o755 });
  writeFileSync(policy, '');
  return { pkcheck, policy, words: () => readFileSync(join(folder, 'words'), 'utf8').trim() };
}

test('polkit is asked about this process, and its yes alone is a yes', async (t) => {
  const yes = pkcheckThat(t, 'exit 0');
  assert.equal(await polkitProof({ ...yes, uid })?.('unlock', signal), true);
  assert.match(
    yes.words(),
    new RegExp(
      `^--action-id dev.nucleus.approve --process ${process.pid},\\d+,${uid} --allow-user-interaction$`,
    ),
  );
  assert.equal(await polkitProof({ ...pkcheckThat(t, 'exit 1'), uid })?.('unlock', signal), false);
  assert.equal(await polkitProof({ ...pkcheckThat(t, 'exit 3'), uid })?.('unlock', signal), false);
  const broken = polkitProof({ ...pkcheckThat(t, 'echo no agent is available >&2; exit 2'), uid });
  await assert.rejects(async () => broken?.('unlock', signal), failsWith('PERSON_REQUIRED', 'no agent'));
  const waiting = polkitProof({ ...pkcheckThat(t, 'exec sleep 20'), uid });
  assert.equal(await waiting?.('unlock', AbortSignal.timeout(50)), false);
});

test('polkit is not offered to root, nor without our action or its program', (t) => {
  const place = pkcheckThat(t, 'exit 0');
  assert.equal(polkitProof({ ...place, uid: 0 }), null);
  assert.equal(polkitProof({ ...place, uid, policy: '/nowhere' }), null);
  assert.equal(polkitProof({ ...place, uid, pkcheck: '/nowhere' }), null);
});
