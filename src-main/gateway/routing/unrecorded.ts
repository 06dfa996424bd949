import type { Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { Call } from './dispatch.ts';
import type { Gate } from './gate.ts';

export type WhenFull = Config['audit']['when_full'];

/**
 * While the audit log cannot be written: null where a call may be made all the same, else why not. What the rules
 * refuse anyway is left to them.
 */
export function createUnrecorded(deps: {
  readonly gate: Pick<Gate, 'foresee'>;
  readonly audit: Pick<Audit, 'problem'>;
  readonly whenFull: WhenFull;
}): (call: Call) => Promise<NucleusError | null> {
  return async (call) => {
    const problem = deps.audit.problem();
    if (deps.whenFull === 'allow' || problem === null) return null;
    const { decision, facts } = await deps.gate.foresee(call);
    if (decision.kind === 'deny') return null;
    const isGuarded = decision.kind !== 'allow' || (facts.env !== null && facts.effect.does !== 'reads');
    if (deps.whenFull === 'refuse-guarded' && !isGuarded) return null;
    const { profile, operation } = facts;
    return new NucleusError(
      'AUDIT_UNWRITABLE',
      `${operation} on ${profile} was not called, because the audit log could not record it: ${problem}; calls go on when it can be written again`,
      { profile, reason: problem },
    );
  };
}
