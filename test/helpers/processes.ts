import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly command: string;
}

/** Live processes (no zombies) whose command line or environment contains `marker`, this one not counted. */
export function processesWith(marker: string): Process[] {
  return everyProcess().filter(
    ({ pid, command }) =>
      pid !== process.pid && (command.includes(marker) || readProc(pid, 'environ').includes(marker)),
  );
}

/** Live processes whose command line contains `marker`: the fakes, which carry their folder in their arguments. */
export function commandsWith(marker: string): Process[] {
  return everyProcess().filter(({ pid, command }) => pid !== process.pid && command.includes(marker));
}

/** Whether a process runs; a zombie does not, unless threads of it still keep its files and sockets open. */
export function isAlive(pid: number): boolean {
  return readStat(pid) !== null || threadsOf(pid) > 1;
}

/** Waits until none of these processes runs. */
export async function gone(pids: number | readonly number[], within = 20_000): Promise<void> {
  const all = typeof pids === 'number' ? [pids] : pids;
  await until(`processes ${all.join(', ')} are gone`, () => !all.some(isAlive), within);
}

/** Ends a process if it still runs. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Stops a process as it stands; `kill(pid, 'SIGCONT')` lets it go on. */
export async function freeze(pid: number): Promise<void> {
  kill(pid, 'SIGSTOP');
  const stands = (thread: string): boolean => / T /.test(readProc(pid, join('task', thread, 'stat')));
  await until(`process ${pid} stands still`, () => readdirSync(`/proc/${pid}/task`).every(stands));
}

function everyProcess(): Process[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => {
      const pid = Number(entry);
      const stat = readStat(pid);
      return stat && { pid, ...stat, command: readProc(pid, 'cmdline').replaceAll('\0', ' ') };
    })
    .filter((found) => found !== null);
}

function readStat(pid: number): { parent: number; group: number } | null {
  const stat = readProc(pid, 'stat');
  // The name in brackets may hold spaces and brackets; the fields after it are: state, parent, group.
  const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || state === 'Z' || state === 'X'
    ? null
    : { parent: Number(parent), group: Number(group) };
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

/** Empty when the process ended meanwhile. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
