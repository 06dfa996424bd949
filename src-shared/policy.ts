import * as z from 'zod';
import { envClasses } from './env-class.ts';

export { envClasses, guessEnv } from './env-class.ts';

export const EnvClass = z.enum(envClasses);
export type EnvClass = z.infer<typeof EnvClass>;

/** What a call does to the account's data, least first. */
export const effects = ['reads', 'writes', 'destroys'] as const;
export const Effect = z.enum(effects);
export type Effect = z.infer<typeof Effect>;

/**
 * Who says what a call does: the connector's manifest, the SQL in its arguments, the server's own hint, the protocol,
 * or nobody, which counts as a write.
 */
export const EffectBasis = z.enum(['manifest', 'sql', 'server', 'protocol', 'unknown']);
export type EffectBasis = z.infer<typeof EffectBasis>;

/** What a call does, and how that is known. */
export const JudgedEffect = z.object({ does: Effect, basis: EffectBasis });
export type JudgedEffect = z.infer<typeof JudgedEffect>;

/**
 * Where a person may say yes: in the app, on a terminal with the approval PIN, to the system (polkit, Touch ID, Windows
 * Hello), or in the client that calls, which a model's host may answer by itself.
 */
export const approvalWays = ['app', 'terminal', 'system', 'client'] as const;
export const ApprovalWay = z.enum(approvalWays);
export type ApprovalWay = z.infer<typeof ApprovalWay>;

const oneOrMore = <T extends z.ZodType>(one: T) =>
  z.union([one, z.array(one).min(1).max(100)]).transform((value) => [value].flat() as z.output<T>[]);

const glob = z.string().min(1).max(200);
const globs = z.array(glob).max(500);

const ruleKeys = z.strictObject({
  match: z
    .string()
    .max(200)
    .regex(/^[^:]+:[^:]+$/, 'must be of the form "connector:name", each side a whole name or *')
    .optional()
    .describe(
      '`connector:name`: a profile’s id, or its connector and the alias it goes by; each side a whole name or `*`.',
    ),
  profile: oneOrMore(glob).optional().describe('Profile ids, `*` stands for any characters.'),
  connector: oneOrMore(glob).optional().describe('Connectors.'),
  alias: oneOrMore(glob)
    .optional()
    .describe(
      'Names profiles go by in a view. A client may choose those itself, so name ids where it matters.',
    ),
  env: oneOrMore(EnvClass).optional().describe('Classes of profiles.'),
  effect: oneOrMore(Effect)
    .optional()
    .describe('What the call does. `writes` is about calls that destroy as well.'),
  client: oneOrMore(glob)
    .optional()
    .describe('Names of clients, as they say them or as their token has them.'),
  arguments: z
    .record(z.string().min(1).max(200), oneOrMore(glob))
    .optional()
    .describe('Arguments by name or by JSON pointer, and what their text must match.'),
  deny: globs.optional().describe('Tools that are refused.'),
  confirm: globs.optional().describe('Tools that take a phrase, or with `approve` a person’s yes.'),
  allow: globs.optional().describe('Tools the rules of a class are not applied to.'),
  phrase: z
    .string()
    .max(200)
    .optional()
    .describe('What has to be said; without it the text of `match`, and without that `confirm`.'),
  reason: z.string().max(1_000).optional().describe('Why, for whoever is refused or asked.'),
  approve: z
    .literal('human')
    .optional()
    .describe(
      'A person has to say yes to what `confirm` names; without `confirm`, to every call of the rule.',
    ),
  approve_via: z
    .array(ApprovalWay)
    .min(1)
    .max(4)
    .optional()
    .describe('Where that yes may be given; without it everywhere but in the client.'),
  grants: z
    .boolean()
    .optional()
    .describe('Whether a yes may be for a time or a number of calls; `true` without it.'),
});

/** One `[[rule]]` of policy.toml. It is about a call that fits all conditions it has; without any it is about every call. */
export const Rule = ruleKeys.superRefine(checkRule);
export type Rule = z.output<typeof Rule>;

/** What no single key can tell. A rule that cannot mean what somebody meant is refused, not ignored. */
function checkRule(rule: z.output<typeof ruleKeys>, context: z.RefinementCtx): void {
  const fail = (message: string, ...path: string[]): void =>
    context.addIssue({ code: 'custom', message, path });
  const names = ({ length }: readonly string[] = []): boolean => length > 0;
  const hasVerb = names(rule.deny) || names(rule.confirm) || names(rule.allow);
  if (!hasVerb && !rule.approve) fail('does nothing: it has neither deny, confirm, allow nor approve');
  if (rule.approve && hasVerb && !names(rule.confirm))
    fail(
      'needs confirm beside deny or allow, so that it says which calls a person is asked about',
      'approve',
    );
  if (rule.approve && rule.confirm && !names(rule.confirm))
    fail('is empty, so that a person would be asked about nothing', 'confirm');
  for (const key of ['approve_via', 'grants'] as const)
    if (rule[key] !== undefined && !rule.approve) fail('does nothing without approve = "human"', key);
  // Whoever calls says these two, so nothing may be allowed for them.
  if (names(rule.allow) && rule.alias)
    fail(
      'cannot decide what is allowed, as clients choose aliases; name profiles by match or profile',
      'alias',
    );
}

/** policy.toml. The schema is the only definition of its keys. */
export const PolicyFile = z.strictObject({
  defaults: z
    .boolean()
    .default(true)
    .describe(
      'Whether the rules of a class hold: writes on prod and what destroys on staging need a person.',
    ),
  rule: z.array(Rule).max(1_000).default([]),
});
export type PolicyFile = z.output<typeof PolicyFile>;

/** Something wrong with policy.toml; line and column from 1, null where they are not known. */
export const PolicyProblem = z.object({
  severity: z.enum(['error', 'warning']),
  line: z.int().nullable(),
  column: z.int().nullable(),
  /** What it is and what to do about it. */
  message: z.string(),
});
export type PolicyProblem = z.infer<typeof PolicyProblem>;

/** One rule in the order of judging, as people are shown it. */
export const RuleView = z.object({
  /** From 1; what sentences call it. */
  number: z.int(),
  // oxlint-disable-next-line unicorn/no-thenable -- a word, which nobody can wait for
  then: z.enum(['deny', 'ask', 'confirm', 'allow']),
  /** Whom it is about: profile patterns, classes, clients. */
  profiles: z.array(z.string()),
  envs: z.array(EnvClass),
  clients: z.array(z.string()),
  /** Patterns of tools; empty for every one. */
  tools: z.array(z.string()),
  effects: z.array(Effect),
  /** Names and patterns of arguments, in words. */
  arguments: z.array(z.string()),
  /** Why, in the file's words or those of the class's rules. */
  reason: z.string(),
  /** Where it stands; null for a rule of a class. */
  line: z.int().nullable(),
  /** Its own text in the file; empty for a rule of a class. */
  toml: z.string(),
});
export type RuleView = z.infer<typeof RuleView>;

/** What judges calls now. */
export const PolicyInfo = z.object({
  file: z.string(),
  /** Id of what judges; it is in the record of every call. */
  version: z.string(),
  /**
   * `none`: no file. `accepted`: what the file says judges. `pending`: the file allows more than what a person accepted,
   * so the stricter of both judges. `invalid`: the file cannot be used and what was accepted last judges; with none
   * accepted only reads pass.
   */
  state: z.enum(['none', 'accepted', 'pending', 'invalid']),
  /** Unix milliseconds of the last time the file was read. */
  loadedAt: z.number(),
  problems: z.array(PolicyProblem),
  /** In judging order: deny, then what needs a yes, then allow. */
  rules: z.array(RuleView),
  /** The file as it is; null when there is none. */
  text: z.string().nullable(),
  /** What a person accepted last; null when nothing was. */
  accepted: z.string().nullable(),
});
export type PolicyInfo = z.infer<typeof PolicyInfo>;

/** One line of why a call is decided as it is. */
export const TraceLine = z.object({
  rule: z.int().nullable(),
  hit: z.boolean(),
  text: z.string(),
});
export type TraceLine = z.infer<typeof TraceLine>;

/** What would happen to a call; nothing was called. */
export const PolicyTest = z.object({
  decision: z.enum(['allow', 'deny', 'confirm', 'approve']),
  /** What the client would read, or why it passes. */
  reason: z.string(),
  profile: z.string(),
  env: EnvClass.nullable(),
  tool: z.string(),
  effect: JudgedEffect,
  /** The rule that decided; null when none did. */
  rule: z.int().nullable(),
  trace: z.array(TraceLine),
  version: z.string(),
});
export type PolicyTest = z.infer<typeof PolicyTest>;

/** A yes for more than one call. */
export const GrantAsked = z.object({
  /** Calls of this tool, or every call that writes on the profile; never what destroys. */
  scope: z.enum(['tool', 'writes']),
  minutes: z.int().min(1).max(1_440).nullable(),
  calls: z.int().min(1).max(1_000).nullable(),
  /** Whether it holds on after a restart. */
  isKept: z.boolean().default(false),
});
export type GrantAsked = z.infer<typeof GrantAsked>;

export const GrantInfo = z.object({
  id: z.string(),
  profile: z.string(),
  env: EnvClass.nullable(),
  scope: z.enum(['tool', 'writes']),
  tool: z.string(),
  /** The client it is for. */
  client: z.string(),
  principal: z.string(),
  /** Unix milliseconds. */
  createdAt: z.number(),
  endsAt: z.number().nullable(),
  callsLeft: z.int().nullable(),
  isKept: z.boolean(),
});
export type GrantInfo = z.infer<typeof GrantInfo>;

/** A question that waits for a person. Its arguments are complete: nothing of what would be allowed is hidden. */
export const PendingApproval = z.object({
  id: z.string(),
  /** `account`: which of several accounts a call is for, to be answered with one of `choices`. */
  kind: z.enum(['call', 'account']),
  /** The profile; of an `account` question its connector. */
  profile: z.string(),
  env: EnvClass.nullable(),
  tool: z.string(),
  client: z.string(),
  effect: JudgedEffect,
  /** JSON text of the arguments, indented. */
  arguments: z.string(),
  /** The same of the last call of this tool that was allowed on this profile; null when there was none. */
  before: z.string().nullable(),
  reason: z.string(),
  /** Where the yes may be given. */
  via: z.array(ApprovalWay),
  /** Whether a yes for more than this call may be given. */
  mayGrant: z.boolean(),
  choices: z.array(z.object({ profile: z.string(), env: EnvClass.nullable() })),
  /** The client was told to come back. */
  isParked: z.boolean(),
  /** Unix milliseconds. */
  askedAt: z.number(),
  /** When no answer counts as no. */
  endsAt: z.number(),
});
export type PendingApproval = z.infer<typeof PendingApproval>;

/** How a question ended. */
export const AnsweredApproval = z.object({
  id: z.string(),
  profile: z.string(),
  env: EnvClass.nullable(),
  tool: z.string(),
  client: z.string(),
  answer: z.enum(['allowed', 'granted', 'denied', 'unanswered', 'withdrawn']),
  /** Who said so: where the person was. */
  via: ApprovalWay.nullable(),
  /** Unix milliseconds. */
  at: z.number(),
});
export type AnsweredApproval = z.infer<typeof AnsweredApproval>;
