/** A set of requirements the suite knows, and the revision of the protocol its client speaks for it. */
export type RequirementSet = '2025-11-25' | '2026-07-28';

export interface Upstream {
  readonly transport: 'stdio' | 'http';
  readonly era: 'legacy' | 'modern';
}

/** One run of the suite: its requirements, and the fixture behind the gateway or, directly, without one. */
export interface Pairing {
  readonly set: RequirementSet;
  readonly upstream: Upstream;
  readonly isDirect: boolean;
}

const sets: readonly RequirementSet[] = ['2025-11-25', '2026-07-28'];

/** Every front before every upstream; directly, only what speaks the suite's revision over HTTP. */
export function pairings(isDirect: boolean): readonly Pairing[] {
  if (isDirect)
    return sets.map((set) => ({
      set,
      upstream: { transport: 'http', era: set === '2025-11-25' ? 'legacy' : 'modern' },
      isDirect,
    }));
  const transports = ['stdio', 'http'] as const;
  const eras = ['legacy', 'modern'] as const;
  return sets.flatMap((set) =>
    transports.flatMap((transport) => eras.map((era) => ({ set, upstream: { transport, era }, isDirect }))),
  );
}

export function nameOf({ set, upstream, isDirect }: Pairing): string {
  return `${set} ${upstream.transport} ${upstream.era} ${isDirect ? 'direct' : 'gateway'}`;
}
