import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './machine.ts';
import { createNucleusSubjects } from './nucleus.ts';
import { openStage } from './stage.ts';
import { openStubs } from './stubs.ts';
import type { Subject } from './subject.ts';

/** What V8 writes with --cpu-prof. Times are in microseconds of the monotonic clock. */
interface CpuProfile {
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const upstreams = 12;
const toolsEach = 20;
const warmUpCalls = 5_000;
const calls = 40_000;
const inFlight = 8;
const shownFiles = 16;
const shownFunctions = 40;

/** Runs our gateway under V8's own profiler and prints where its time went while calls ran, start and end left out. */
export async function profileNucleus(options: {
  readonly folder: string;
  readonly names: readonly string[] | null;
  readonly scale: number;
}): Promise<void> {
  const profiles = join(options.folder, 'profiles');
  mkdirSync(profiles);
  const nodeOptions = `--cpu-prof --cpu-prof-interval=250 --cpu-prof-dir=${profiles}`;
  const { subjects } = createNucleusSubjects({ folder: options.folder, nodeOptions });
  for (const subject of subjects) {
    if (options.names !== null && !options.names.includes(subject.name)) continue;
    for (const pair of subject.pairs) console.log(await profileOf(subject, pair, { ...options, profiles }));
  }
}

async function profileOf(
  subject: Subject,
  pair: Subject['pairs'][number],
  { folder, profiles, scale }: { folder: string; profiles: string; scale: number },
): Promise<string> {
  const stubs = pair.endsWith('http') ? await openStubs(upstreams, toolsEach) : null;
  const known = globSync('*.cpuprofile', { cwd: profiles });
  const stage = await openStage(join(folder, 'stages'), subject, {
    pair,
    upstreams,
    toolsEach,
    urls: stubs?.urls ?? [],
  });
  const text = 'a'.repeat(100);
  const callAll = async (count: number): Promise<void> => {
    let left = count;
    const work = async (): Promise<void> => {
      while (left-- > 0) await stage.call(left, 'echo', { text });
    };
    await Promise.all(Array.from({ length: inFlight }, work));
  };
  const total = Math.round(calls * scale);
  let from = 0;
  let to = 0;
  try {
    await callAll(warmUpCalls);
    from = now();
    await callAll(total);
    to = now();
  } finally {
    await stage.close();
    stubs?.close();
  }
  const written = globSync('*.cpuprofile', { cwd: profiles }).filter((name) => !known.includes(name));
  return written
    .map((name) => {
      const profile = JSON.parse(readFileSync(join(profiles, name), 'utf8')) as CpuProfile;
      return `## ${subject.name}, ${pair}, ${total} calls of 100 B, ${inFlight} in flight\n\n${summary(profile, from, to, total)}\n`;
    })
    .join('\n');
}

/** The monotonic clock as V8 writes it. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

function summary(profile: CpuProfile, from: number, to: number, total: number): string {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const byFile = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let busy = 0;
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    const frame = nodes.get(id);
    if (!frame || at < from || at > to || frame.functionName === '(idle)') return;
    busy += delta;
    const file = fileOf(frame.url, frame.functionName);
    const place = `${frame.functionName || '(anonymous)'}  ${file}${frame.url === '' ? '' : `:${frame.lineNumber + 1}`}`;
    byFile.set(file, (byFile.get(file) ?? 0) + delta);
    byFunction.set(place, (byFunction.get(place) ?? 0) + delta);
  });
  const top = (sums: ReadonlyMap<string, number>, count: number): string =>
    [...sums]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(
        ([name, time]) =>
          `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${(time / total).toFixed(2).padStart(6)} µs  ${name}`,
      )
      .join('\n');
  return [
    `${(busy / total).toFixed(1)} µs busy per call`,
    top(byFile, shownFiles),
    top(byFunction, shownFunctions),
  ].join('\n\n');
}

/** A path from the root, the name of a package, `node:…`, or `(native)` for what has no source. */
function fileOf(url: string, functionName: string): string {
  if (functionName.startsWith('(')) return functionName;
  if (url === '') return '(native)';
  if (url.startsWith('node:')) return url;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? relative(root, path);
}
