import { formatAge } from '../../src-shared/duration.ts';
import type { HostStatus } from '../../src-shared/hosts.ts';
import { oneLine, table } from './output.ts';

/** The clients of this computer as a table, null without any, and what to do about those that need something. */
export function hostTable(
  hosts: readonly HostStatus[],
  now: number,
): { readonly rows: string | null; readonly notes: readonly string[] } {
  const installed = hosts.filter(({ state }) => state !== 'not-installed');
  if (installed.length === 0) return { rows: null, notes: [] };
  return {
    rows: table(
      ['CLIENT', 'STATE', 'FILE'],
      installed.map((host) => [host.host, describe(host, now), host.file]),
    ),
    notes: installed.flatMap((host) => advise(host)),
  };
}

function describe({ state, consented, repairedAt }: HostStatus, now: number): string {
  if (state === 'connected')
    return repairedAt === null ? 'connected' : `connected, repaired ${formatAge(now - repairedAt)} ago`;
  if (state === 'missing') return consented ? 'lost its entry' : 'not connected';
  return state;
}

function advise({ host, title, state, consented, problem, duplicates }: HostStatus): string[] {
  if (state === 'unreadable') return [`${title}: ${oneLine(problem ?? 'its file cannot be read')}`];
  if (duplicates.length > 0)
    return [
      `${title} starts Nucleus more than once (${oneLine(duplicates.join(', '))}); nucleus install ${host} leaves one`,
    ];
  if (state === 'changed')
    return [`${title}: somebody edited the entry; nucleus install ${host} puts it right`];
  if (state === 'missing' && consented) return [`${title}: nucleus install ${host} puts the entry back`];
  return [];
}
