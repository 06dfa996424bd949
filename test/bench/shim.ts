import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildShim } from '../../scripts/build-shim.ts';
import { nucleusBin } from '../helpers/nucleus.ts';
import { median } from './machine.ts';
import { usageOf } from './usage.ts';

/*
 * npm run bench:shim [-- a shim in C to compare with, told its socket by NUCLEUS_SOCK]: what the native shim costs,
 * beside one that only copies bytes and the script. Before a gateway that is only played: the shim alone is measured.
 */

const runs = 15;
const ask = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';
const answer = '{"jsonrpc":"2.0","id":1,"result":{}}\n';

interface Subject {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Whether it says the attach line itself. */
  readonly attaches: boolean;
}

interface Figures {
  readonly cold: number[];
  readonly trip: number[];
  readonly rss: number[];
}

await benchShim(process.argv[2]);

/** Measures and prints. */
async function benchShim(other: string | undefined): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'nucleus-shim-bench-'));
  const path = join(work, 'socket', 's');
  mkdirSync(join(work, 'socket'), { mode: 0o700 });
  mkdirSync(join(work, 'state', 'run'), { recursive: true, mode: 0o700 });
  const endpoint = { pid: process.pid, version: '0.1.0', socket: path, startedAt: 1 };
  writeFileSync(join(work, 'state', 'run', 'endpoint.json'), JSON.stringify(endpoint));
  const close = playGateway(path);
  try {
    const shim = buildShim();
    if ('problem' in shim) throw new Error(shim.problem);
    const plain = compile(join(import.meta.dirname, 'programs', 'plain-shim.c'), join(work, 'plain'));
    const subjects: Subject[] = [
      { name: 'copies bytes', program: plain, args: [path], attaches: false },
      ...(other === undefined
        ? []
        : [
            {
              name: 'the one given',
              program: compile(other, join(work, 'other')),
              args: [],
              attaches: false,
            },
          ]),
      { name: 'native', program: shim.path, args: ['serve'], attaches: true },
      { name: 'script', program: nucleusBin, args: ['serve'], attaches: true },
    ];
    const env = {
      HOME: work,
      NUCLEUS_HOME: join(work, 'state'),
      NUCLEUS_SOCK: path,
      PATH: process.env['PATH'] ?? '',
    };
    const figures = new Map<string, Figures>(
      subjects.map(({ name }) => [name, { cold: [], trip: [], rss: [] }]),
    );
    // One of each in turn, so that other work of the machine meets all of them.
    for (let run = -1; run < runs; run += 1)
      for (const subject of subjects) {
        const seen = await measure(subject, env);
        if (run < 0) continue;
        const own = figures.get(subject.name);
        own?.cold.push(seen.cold);
        own?.trip.push(seen.trip);
        own?.rss.push(seen.rss);
      }
    print(subjects, figures);
  } finally {
    close();
    rmSync(work, { recursive: true });
  }
}

/** Answers an attach line as a gateway, and every other line as a ping. */
function playGateway(path: string): () => void {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('data', (data: Buffer) => {
        for (const line of data.toString().split('\n').filter(Boolean))
          socket.write(
            line.includes('"nucleus"') ? '{"nucleus":1,"version":"0.1.0","pid":1,"notes":[]}\n' : answer,
          );
      });
  }).listen(path);
  return () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
}

/** From the start of the process to its first answer; then round trips, and what it holds in memory. */
async function measure(
  { program, args }: Subject,
  env: Record<string, string>,
): Promise<{ cold: number; trip: number; rss: number }> {
  const began = performance.now();
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  let heard = (): void => {};
  child.stdout.on('data', () => heard());
  const trip = (): Promise<void> =>
    new Promise((resolve, reject) => {
      heard = resolve;
      child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
      child.stdin.write(ask);
    });
  await trip();
  const cold = performance.now() - began;
  const trips: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const from = performance.now();
    await trip();
    child.removeAllListeners('exit');
    trips.push(performance.now() - from);
  }
  const { rssMib } = usageOf([child.pid ?? 0]);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  return { cold, trip: median(trips), rss: rssMib };
}

function compile(source: string, target: string): string {
  const { status, stderr } = spawnSync('cc', ['-O2', '-w', '-o', target, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${source} does not compile: ${stderr}`);
  return target;
}

function print(subjects: readonly Subject[], figures: ReadonlyMap<string, Figures>): void {
  const floor = median(figures.get(subjects[0]?.name ?? '')?.cold ?? []);
  console.log(
    '| shim | cold start | times | round trip | RSS | size |\n| --- | ---: | ---: | ---: | ---: | ---: |',
  );
  for (const { name, program } of subjects) {
    const { cold = [], trip = [], rss = [] } = figures.get(name) ?? {};
    const cells = [
      name,
      `${median(cold).toFixed(1)} ms`,
      (median(cold) / floor).toFixed(2),
      `${median(trip).toFixed(3)} ms`,
      `${median(rss).toFixed(1)} MiB`,
      `${Math.round(statSync(program).size / 1024)} KiB`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
