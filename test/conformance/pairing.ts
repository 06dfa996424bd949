/** A set of requirements the suite knows, and the revision of the protocol its client speaks for it. */
export type RequirementSet = '2025-11-25' | '2026-07-28';

export interface Upstream {
  readonly transport: 'stdio' | 'http';
  readonly era: 'legacy' | 'modern';
}

/** A run in the server role: its requirements, and the fixture behind the gateway or, directly, without one. */
export interface Pairing {
  readonly role: 'server';
  readonly set: RequirementSet;
  readonly upstream: Upstream;
  readonly isDirect: boolean;
}

/** A run in the client role: the suite's own servers behind the gateway. */
export interface ClientRun {
  readonly role: 'client';
  readonly set: RequirementSet;
}

export type Run = Pairing | ClientRun;

const sets: readonly RequirementSet[] = ['2025-11-25', '2026-07-28'];

/** All runs; directly there is no client role, as the gateway is the client. */
export function runs(isDirect: boolean): readonly Run[] {
  return isDirect ? pairings(true) : [...pairings(false), ...clientRuns()];
}

/** Every front before every upstream; directly, only what speaks the suite's revision over HTTP. */
function pairings(isDirect: boolean): readonly Pairing[] {
  if (isDirect)
    return sets.map((set) => ({
      role: 'server',
      set,
      upstream: { transport: 'http', era: set === '2025-11-25' ? 'legacy' : 'modern' },
      isDirect,
    }));
  const transports = ['stdio', 'http'] as const;
  const eras = ['legacy', 'modern'] as const;
  return sets.flatMap((set) =>
    transports.flatMap((transport) =>
      eras.map((era) => ({ role: 'server', set, upstream: { transport, era }, isDirect })),
    ),
  );
}

function clientRuns(): readonly ClientRun[] {
  return sets.map((set) => ({ role: 'client', set }));
}

export function nameOf(run: Run): string {
  if (run.role === 'client') return `client ${run.set}`;
  const { set, upstream, isDirect } = run;
  return `server ${set} ${upstream.transport} ${upstream.era} ${isDirect ? 'direct' : 'gateway'}`;
}
