import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createNucleusSubjects } from './nucleus.ts';
import { profileNucleus } from './profile.ts';
import { proxies } from './proxies.ts';
import { fetchPeers, peers } from './peers.ts';
import { judge, report } from './report.ts';
import { groups, run, type Group } from './run.ts';

/* npm run bench: what Nucleus costs beside a proxy that does the least there is to do (docs/performance.md). */

const { values: given } = parseArgs({
  options: {
    /** Groups of metrics, with commas between. */
    only: { type: 'string', default: groups.join(',') },
    /** Names of subjects, with commas between. */
    subjects: { type: 'string' },
    rounds: { type: 'string' },
    /** How much is done of all that is timed; 0.2 is a glance. */
    scale: { type: 'string', default: '1' },
    /** Sees that every subject works; judges nothing. */
    quick: { type: 'boolean', default: false },
    /** Other people's gateways too; fetched from the npm registry into .cache/peers. */
    peers: { type: 'boolean', default: false },
    /** Where the raw numbers go. */
    json: { type: 'string' },
    /** Instead of measuring: where our gateway's time goes. */
    profile: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'nucleus-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

if (process.platform !== 'linux') {
  say('The bench reads /proc, so it runs on Linux only.');
  process.exitCode = 1;
} else if (given.profile) {
  await profileNucleus({ folder, names: given.subjects?.split(',') ?? null, scale: positive('scale') });
} else {
  await bench();
}

async function bench(): Promise<void> {
  const ours = createNucleusSubjects({ folder });
  if (given.peers) await fetchPeers(say);
  const known = [...proxies, ...ours.subjects, ...(given.peers ? peers : [])];
  const subjects = choose(
    'subject',
    given.subjects?.split(',') ?? null,
    known.map(({ name }) => name),
  ).flatMap((name) => known.filter((subject) => subject.name === name));
  const results = await run({
    subjects,
    only: choose('group', given.only.split(','), groups) as Group[],
    rounds: given.rounds === undefined ? (given.quick ? 1 : 3) : positive('rounds'),
    scale: positive('scale'),
    quick: given.quick,
    folder,
    notes: ours.missing,
    say,
  });
  console.log(report(results));
  if (given.json !== undefined)
    writeFileSync(given.json, `${JSON.stringify({ ...results, goals: judge(results) }, null, 1)}\n`);
  // A peer that fails says something about the peer; one of ours, or what all is compared with, says the bench is no good.
  if (results.failures.some(({ subject }) => !peers.some(({ name }) => name === subject)))
    process.exitCode = 1;
}

/** What was asked for, in the order of what there is; all when nothing was. */
function choose(kind: string, asked: readonly string[] | null, known: readonly string[]): string[] {
  const unknown = (asked ?? []).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no ${kind} ${unknown.join(', ')}; there is ${known.join(', ')}`);
  return known.filter((name) => asked === null || asked.includes(name));
}

function positive(option: 'rounds' | 'scale'): number {
  const value = Number(given[option]);
  if (value > 0) return value;
  throw new Error(`--${option} takes a positive number`);
}
