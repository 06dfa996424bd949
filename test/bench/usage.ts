import { readdirSync, readFileSync } from 'node:fs';
import { program } from './machine.ts';

/** What processes took and hold. */
export interface Usage {
  /** User and system time so far. */
  readonly cpuMs: number;
  readonly rssMib: number;
  /** As `rssMib`, with memory that several processes share counted once. */
  readonly pssMib: number;
  readonly processes: number;
}

/** The gateway's own processes: the roots and all they started, without the upstreams and what those started. */
export function gatewayProcesses(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = read(pid, 'stat');
    // The name in brackets may hold anything; the state and the parent follow it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const stub = program('stub');
  const visit = (pid: number): number[] =>
    read(pid, 'cmdline').includes(stub) ? [] : [pid, ...(children.get(pid) ?? []).flatMap(visit)];
  return roots.flatMap(visit);
}

/** Sums over these processes; one that ended meanwhile counts as nothing. */
export function usageOf(pids: readonly number[]): Usage {
  const each = pids.map((pid) => ({
    cpuMs: cpuMs(pid),
    rssMib: kibibytes(read(pid, 'status'), 'VmRSS') / 1024,
    pssMib: kibibytes(read(pid, 'smaps_rollup'), 'Pss') / 1024,
  }));
  const sum = (key: 'cpuMs' | 'rssMib' | 'pssMib'): number =>
    each.reduce((total, usage) => total + usage[key], 0);
  return {
    cpuMs: sum('cpuMs'),
    rssMib: sum('rssMib'),
    pssMib: sum('pssMib'),
    processes: each.filter(({ rssMib }) => rssMib > 0).length,
  };
}

/** From the scheduler's own count per thread, in nanoseconds; where the kernel keeps none, from the 10 ms ticks. */
function cpuMs(pid: number): number {
  const threads = entries(`/proc/${pid}/task`).map((thread) => read(pid, `task/${thread}/schedstat`));
  const nanoseconds = threads.reduce((total, text) => total + (Number(text.split(' ')[0]) || 0), 0);
  if (nanoseconds > 0) return nanoseconds / 1e6;
  const stat = read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}

function kibibytes(text: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It ended meanwhile.
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // It ended meanwhile.
  }
}
