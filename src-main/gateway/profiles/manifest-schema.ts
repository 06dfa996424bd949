import { TomlDate } from 'smol-toml';
import * as z from 'zod';
import { TransportName } from '../../../src-shared/model.ts';
import {
  exactVersion,
  headerName,
  innerPath,
  optional,
  pattern,
  plainName,
  template,
  text,
  variable,
  webAddress,
} from './manifest-fields.ts';
import { DiscoverRule, IdentityRule, ToolRules } from './rule-schema.ts';
import { authMethods, SignIn } from './sign-in-schema.ts';

const templates = z.record(z.string().min(1), template).default({});

const Checked = z.strictObject({
  on: z
    .instanceof(TomlDate, { error: 'must be a TOML date without quotes, such as 2026-11-20' })
    .transform((date) => date.toISOString().slice(0, 10)),
  /** Read in its documentation or source, recorded from a dated answer, or used with an account. */
  method: z.enum(['read', 'recorded', 'live']),
  by: optional(text),
  sources: z.array(text).default([]),
});

const Stdio = z.strictObject({
  runtime: z.enum(['builtin', 'binary', 'npx', 'uvx', 'docker']),
  server: optional(z.string().regex(/^[a-z0-9-]+$/, 'must be the name of a folder in resources/servers')),
  command: optional(text.min(1)),
  package: optional(
    z
      .string()
      .regex(
        /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._/-]*$/,
        'must be the name of a package, without a version',
      ),
  ),
  version: optional(exactVersion),
  args: z.array(template).default([]),
  env: z.record(variable, template).default({}),
  pass: z.array(variable).default([]),
  cwd: optional(template),
});

const Field = z.strictObject({
  key: plainName,
  label: optional(text),
  description: text.default(''),
  required: z.boolean().default(false),
  kind: z.enum(['text', 'path', 'url']).default('text'),
  must_exist: z.boolean().default(false),
  default: optional(text),
  choices: z.array(text).default([]),
  pattern: optional(pattern),
  /** The server shows less with it: left away where a rule asks with `scope = "base"`. */
  narrows: z.boolean().default(false),
});

const Detect = z.strictObject({
  files: z.array(innerPath).min(1).max(20),
  format: z.enum(['toml', 'json']),
  at: z
    .string()
    .regex(/^[^.]+(\.[^.]+)*$/, 'must be the keys that lead to the value, with dots between them'),
  field: z.string(),
  reason: optional(text),
});

const ReadOnly = z.strictObject({
  default: z.boolean(),
  /** Laid over the rest where the profile is read-only. */
  set: z
    .strictObject({
      query: templates,
      headers: z.record(headerName, template).default({}),
      args: z.array(template).default([]),
      env: z.record(variable, template).default({}),
      path: z.array(template).default([]),
    })
    .default({ query: {}, headers: {}, args: [], env: {}, path: [] }),
  covers: optional(text),
  note: optional(text),
});

/** A manifest file of schema 1, only the keys this version uses; another key is an error. */
export const Schema1 = z.strictObject({
  schema: z.literal(1),
  name: z.string(),
  title: optional(text),
  description: text.default(''),
  docs: optional(webAddress),
  transport: TransportName,
  url: optional(template),
  /** Parts that follow the url's path, up to the first that comes out empty. */
  path: z.array(template).max(10).default([]),
  query: templates,
  headers: z.record(headerName, template).default({}),
  message_url: optional(template),
  // `pat` is the original's word for a token.
  auth: z.enum([...authMethods, 'pat']).transform((auth) => (auth === 'pat' ? ('token' as const) : auth)),
  checked: optional(Checked),
  signin: optional(SignIn),
  stdio: optional(Stdio),
  metadata: z.array(Field).default([]),
  autodetect: z.array(Detect).max(20).default([]),
  identity: z.array(IdentityRule).max(10).default([]),
  discover: z.array(DiscoverRule).max(10).default([]),
  read_only: optional(ReadOnly),
  tools: optional(ToolRules),
  note: optional(text),
  /** Tables laid over the file; checked as the whole they make. */
  variants: z.record(plainName, z.record(z.string(), z.unknown())).default({}),
});
export type ManifestData = z.output<typeof Schema1>;
