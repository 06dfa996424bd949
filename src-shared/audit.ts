import * as z from 'zod';
import { EnvClass } from './policy.ts';

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
  plan: z.object({ id: z.string(), step: z.number() }).optional().catch(undefined),
  /** Missing in lines that are no link of the chain, such as the original's. */
  seq: z.int().positive().optional().catch(undefined),
});
export type StoredAuditRecord = z.infer<typeof StoredAuditRecord>;

const Words = z.array(z.string().max(300)).max(100).default([]);

/** Which records to answer; all that are given must hold, and an empty list lets all through. */
export const ActivityFilters = z.object({
  /** Each of its words stands somewhere in tool, profile, client or reason, without regard to case. */
  words: z.string().max(500).default(''),
  profile: Words,
  /** By the class a profile has now; null for those without one, and those that are gone. */
  env: z.array(EnvClass.nullable()).max(10).default([]),
  /** The upstream's own name of it, whole, without regard to case. */
  tool: z.string().max(300).nullable().default(null),
  client: z.string().max(300).nullable().default(null),
  outcome: Words,
  decision: Words,
  via: Words,
  /** Unix milliseconds, both ends included. */
  since: z.number().nullable().default(null),
  until: z.number().nullable().default(null),
});
export type ActivityFilters = z.infer<typeof ActivityFilters>;

/** Where a line stands: the beginning of its file's hash, and its place there. Holds over rotations. */
export const ActivityId = z.string().regex(/^[0-9a-f]{16}-\d{1,15}$/);

/** One call as a list shows it. Long texts are cut; `audit.record` answers the whole line. */
export const ActivityRow = z.object({
  id: ActivityId,
  /** Its number in the chain; null where its line is no link of it. */
  seq: z.int().nullable(),
  ts: z.string(),
  connector: z.string(),
  alias: z.string(),
  /** null where the original left it out. */
  profile: z.string().nullable(),
  /** The class the profile has now; null also where it is gone. */
  env: EnvClass.nullable(),
  tool: z.string(),
  via: z.string(),
  decision: z.string(),
  outcome: z.string(),
  /** Milliseconds. */
  duration: z.number(),
  reason: z.string().nullable(),
  client: z.string().nullable(),
  principal: z.string().nullable(),
  policy: z.string().nullable(),
  approval: z.string().nullable(),
  effect: z.string().nullable(),
  plan: z.object({ id: z.string(), step: z.number() }).nullable(),
});
export type ActivityRow = z.infer<typeof ActivityRow>;

export const ActivityPage = z.object({
  /** Newest first. */
  rows: z.array(ActivityRow),
  /** Where the next, older page goes on; null when there is none. */
  next: ActivityId.nullable(),
  /** Whether every line of the log was looked at: not yet, while the index is made anew. */
  isComplete: z.boolean(),
});
export type ActivityPage = z.infer<typeof ActivityPage>;

export const Timeline = z.object({
  buckets: z.array(
    z.object({
      /** Unix milliseconds of its beginning. */
      at: z.number(),
      total: z.int(),
      /** Neither ok nor blocked. */
      failed: z.int(),
      blocked: z.int(),
      /** Calls by the class their profile has now; `none` for those without one. */
      byEnv: z.record(z.string(), z.int()),
    }),
  ),
  total: z.int(),
  failed: z.int(),
  blocked: z.int(),
  /** Milliseconds that 95 of 100 calls that were not blocked needed at most; null where there were none. */
  p95: z.number().nullable(),
  isComplete: z.boolean(),
});
export type Timeline = z.infer<typeof Timeline>;

/** What looking through all of the chain found. */
export const AuditVerification = z.object({
  state: z.enum(['intact', 'broken', 'empty']),
  lines: z.int(),
  /** Numbers of the first and the last link; null when there is none. */
  from: z.int().nullable(),
  to: z.int().nullable(),
  /** Up to which number the vault vouches for it; null where nothing is sealed. */
  sealedTo: z.int().nullable(),
  /** Lines of files from before the chain. */
  unchained: z.int(),
  /** The first bad record; null when it is intact. */
  problem: z
    .object({
      file: z.string(),
      line: z.int().nullable(),
      seq: z.int().nullable(),
      what: z.string(),
    })
    .nullable(),
});
export type AuditVerification = z.infer<typeof AuditVerification>;
