import * as z from 'zod';
import { optional, plainName, pointer, text } from './manifest-fields.ts';

/* What a manifest says about the answers and the tools of its server. */

const scope = z.enum(['profile', 'base']).default('profile');
const toolArguments = z.record(z.string(), z.unknown()).default({});

/** Which answer tells who is signed in; rules are tried in order. */
export const IdentityRule = z.strictObject({
  via: z.enum(['id_token', 'userinfo', 'tool', 'metadata']),
  tool: optional(text),
  arguments: toolArguments,
  /** `base`: asked of the server as it is without what narrows the profile. */
  scope,
  /** Pointer to the value it must have: otherwise nobody is signed in. */
  require: z.record(pointer, z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Rows, of which the first counts; all of them are what the grant covers. */
  list: optional(pointer),
  /** Pointers; with `metadata` the name of a field. */
  subject: optional(z.string()),
  tenant: optional(z.string()),
  label: optional(z.string()),
  email: optional(z.string()),
  /** What it names when that is no person. */
  what: optional(text),
});
export type IdentityRule = z.output<typeof IdentityRule>;

/** Where the choices for a metadata field come from. */
export const DiscoverRule = z.strictObject({
  field: plainName,
  tool: text.min(1),
  /** A text may hold `{{metadata.KEY}}`: that field is chosen first. */
  arguments: toolArguments,
  scope,
  /** Asked for each row of another list, with the row's id under this argument. */
  per: optional(
    z.strictObject({
      tool: text.min(1),
      list: optional(pointer),
      id: pointer.default('/id'),
      argument: text,
    }),
  ),
  list: optional(pointer),
  id: pointer.default('/id'),
  label: pointer.default('/name'),
  hints: z.array(pointer).default([]),
  /** Hints that everybody has say nothing. */
  hide_hint: z.array(text).default([]),
  /** Whether it may be left open. */
  skip: z.boolean().default(true),
});
export type DiscoverRule = z.output<typeof DiscoverRule>;

/** What tools do; corrects and adds to what the server claims of them. `tool>operation` is one behind another. */
export const ToolRules = z.strictObject({
  read: z.array(text).default([]),
  write: z.array(text).default([]),
  destructive: z.array(text).default([]),
  /** Tool to the argument that names the operation which is really meant. */
  inner: z.record(z.string(), pointer).default({}),
  /**
   * Tool to the argument that decides what it does, and what is in it: SQL or code, one text or a list of them, or a
   * pipeline of MongoDB. SQL of PostgreSQL is read exactly, that of others more strictly.
   */
  readers: z
    .record(
      z.string(),
      z.strictObject({
        at: pointer,
        holds: z.enum(['sql', 'code', 'pipeline']),
        dialect: z.enum(['postgres', 'other']).default('other'),
      }),
    )
    .default({}),
});
export type ToolRules = z.output<typeof ToolRules>;

export const noToolRules: ToolRules = { read: [], write: [], destructive: [], inner: {}, readers: {} };

/**
 * What of a file anybody can edit counts: what makes a call look like more than its server says, never like less. What
 * may pass unasked is said in policy.toml, which a person accepts.
 */
export function onlyStricter({ write, destructive, inner, readers }: ToolRules): ToolRules {
  const code = Object.entries(readers).filter(([, { holds }]) => holds === 'code');
  return { read: [], write, destructive, inner, readers: Object.fromEntries(code) };
}
