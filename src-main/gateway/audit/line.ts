import type { AuditIntent, AuditRecord } from '../../../src-shared/audit.ts';
import type { Target } from '../policy/decision.ts';
import { isObject } from '../wire/frame.ts';
import { argumentsHash } from './arguments-hash.ts';
import { noteStart } from './chain.ts';
import { quoted } from './quoted.ts';

/** A call that is about to be made, as the road knows it then. */
export interface CallStart {
  readonly target: Target;
  readonly via: AuditRecord['via'];
  readonly client: string;
  /** Id of the version of the rules that judged it. */
  readonly policy: string;
  /** The yes it ran on; null where it needed none. */
  readonly approval: string | null;
  /** What it does, where that was judged. */
  readonly effect?: AuditRecord['effect'] | undefined;
  /** Which plan it is a step of. */
  readonly plan?: AuditRecord['plan'] | undefined;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/** One finished call, as the road saw it. */
export interface CallRecord extends CallStart {
  readonly decision: AuditRecord['decision'];
  readonly outcome: AuditRecord['outcome'];
  readonly reason?: string | undefined;
  readonly arguments: unknown;
  readonly endedAt: number;
}

/** The members of a line that are known when a call starts: those before the decision, and those after the reason. */
export interface LineEnds {
  readonly first: string;
  readonly last: string;
}

/** Written by hand: it is done on the road of each call, and JSON.stringify takes three times as long. */
export function endsOf(call: CallStart): LineEnds {
  const { target, policy, approval, effect, plan } = call;
  const first =
    `"ts":"${new Date(call.startedAt).toISOString()}","connector":${quoted(target.connector)},"alias":${quoted(target.alias)}` +
    `,"profile_id":${quoted(target.profile)},"tool":${quoted(toolName(target))},"via":"${call.via}"`;
  let last = `"client":${quoted(call.client)},"principal":${quoted(target.principal)}`;
  if (policy !== '') last += `,"policy":${quoted(policy)}`;
  if (approval !== null) last += `,"approval":${quoted(approval)}`;
  if (effect !== undefined) last += `,"effect":"${effect}"`;
  if (plan !== undefined) last += `,"plan":${JSON.stringify(plan)}`;
  return { first, last };
}

/** The line of a finished call without its place in the chain and its closing brace. */
export function lineOf(call: CallRecord, ends: LineEnds, fullArguments: boolean): string {
  try {
    return joined(ends, middleOf(call, fullArguments));
  } catch {
    // Nested too deeply to be written; the record matters more than the hash.
    return joined(ends, middleOf({ ...call, arguments: undefined }, fullArguments));
  }
}

/** The line of a call whose end nobody saw. */
export function lineOfUnknown(intent: AuditIntent): string {
  const { ts, connector, alias, profile_id, tool, via, client, principal, policy, approval, effect, plan } =
    intent;
  const ends = {
    first: membersOf({ ts, connector, alias, profile_id, tool, via }),
    last: membersOf({ client, principal, policy, approval, effect, plan }),
  };
  const reason = 'the gateway ended before the call did';
  return joined(ends, membersOf({ decision: 'allowed', outcome: 'unknown', duration_ms: 0, reason }));
}

/** A line that the log writes about itself, as `lineOf`. */
export function noteOf(at: number, more: Readonly<Record<string, unknown>>): string {
  const rest = membersOf(more);
  return `${noteStart}"ts":"${new Date(at).toISOString()}"${rest === '' ? '' : `,${rest}`}`;
}

function joined({ first, last }: LineEnds, middle: string): string {
  return last === '' ? `{${first},${middle}` : `{${first},${middle},${last}`;
}

function middleOf(call: CallRecord, fullArguments: boolean): string {
  const args = isObject(call.arguments) ? call.arguments : {};
  const keys = Object.keys(args).sort();
  const took = Math.round(call.endedAt - call.startedAt);
  let middle = `"decision":"${call.decision}","outcome":"${call.outcome}","duration_ms":${took}`;
  if (keys.length > 0) {
    middle += `,"args_keys":[${keys.map(quoted).join(',')}],"args_hash":"${argumentsHash(args)}"`;
    if (fullArguments) middle += `,"args":${JSON.stringify(args)}`;
  }
  return call.reason === undefined ? middle : `${middle},"reason":${quoted(call.reason)}`;
}

function membersOf(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).slice(1, -1);
}

function toolName(target: Target): string {
  if (target.kind === 'tool' || target.kind === 'other') return target.name;
  return target.kind === 'prompt' ? `prompts/get ${target.name}` : 'resources/read';
}
