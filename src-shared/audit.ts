import * as z from 'zod';

/** The way a call came in: under its exposed name, through a meta-tool, or from the command line. */
export const AuditVia = z.enum(['direct', 'nucleus_call', 'nucleus_call_plan', 'cli']);
export type AuditVia = z.infer<typeof AuditVia>;

export const AuditDecision = z.enum(['allowed', 'denied', 'confirm-required', 'confirm-mismatch']);
export type AuditDecision = z.infer<typeof AuditDecision>;

/** `unknown`: the gateway ended while the call ran. */
export const AuditOutcome = z.enum(['ok', 'upstream-error', 'transport-error', 'blocked', 'unknown']);
export type AuditOutcome = z.infer<typeof AuditOutcome>;

/**
 * One line of audit.log: one call, written at its end, keys in this order. Never an argument's value unless asked for.
 * In the file its place in the chain follows: `seq`, `prev`, `hash`.
 */
export const AuditRecord = z.object({
  /** RFC 3339 in UTC. */
  ts: z.string(),
  connector: z.string(),
  alias: z.string(),
  profile_id: z.string(),
  /** The upstream's own name of it. */
  tool: z.string(),
  via: AuditVia,
  decision: AuditDecision,
  outcome: AuditOutcome,
  duration_ms: z.number(),
  /** Sorted, top level only. */
  args_keys: z.array(z.string()).optional(),
  /** `sha256:` and 64 hexadecimal characters. */
  args_hash: z.string().optional(),
  /** Only when NUCLEUSMCP_AUDIT_FULL_ARGS is 1. */
  args: z.unknown().optional(),
  reason: z.string().optional(),
  /** Name of the program that called. */
  client: z.string().optional(),
  principal: z.string().optional(),
  /** Id of the version of the rules that judged it. */
  policy: z.string().optional(),
  /** Id of the question a person said yes to, or of the grant it ran under. */
  approval: z.string().optional(),
  /** What the call does, where that was judged. */
  effect: z.enum(['reads', 'writes', 'destroys']).optional(),
  /** Which step of which nucleus_call_plan it is. */
  plan: z.object({ id: z.string(), step: z.number() }).optional(),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

/** A call under way, as audit.open keeps it until its line is written. */
export const AuditIntent = AuditRecord.pick({
  ts: true,
  connector: true,
  alias: true,
  profile_id: true,
  tool: true,
  via: true,
  client: true,
  principal: true,
  policy: true,
  approval: true,
  effect: true,
  plan: true,
}).extend({ open: z.int().min(1) });
export type AuditIntent = z.infer<typeof AuditIntent>;

/**
 * A line as a reader takes it: the original's logs, those of other versions and hand-edited ones stay readable, so
 * words are free, everything but the time and the tool may be missing, and unknown keys are kept.
 */
export const StoredAuditRecord = z.looseObject({
  ts: z.string(),
  connector: z.string().default(''),
  alias: z.string().default(''),
  profile_id: z.string().optional(),
  tool: z.string(),
  via: z.string().default(''),
  decision: z.string().default(''),
  outcome: z.string().default(''),
  duration_ms: z.number().default(0),
  args_keys: z.array(z.string()).optional(),
  args_hash: z.string().optional(),
  args: z.unknown().optional(),
  reason: z.string().optional(),
  client: z.string().optional(),
  principal: z.string().optional(),
  policy: z.string().optional(),
  approval: z.string().optional(),
  effect: z.string().optional(),
  plan: z.object({ id: z.string(), step: z.number() }).optional(),
  seq: z.number().optional(),
});
export type StoredAuditRecord = z.infer<typeof StoredAuditRecord>;
