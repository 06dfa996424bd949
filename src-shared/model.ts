import * as z from 'zod';
import { NucleusError } from './errors.ts';
import { EnvClass } from './policy.ts';

/** A map of short texts people typed, e.g. `{ file: "/data/prod.db" }`. Never a secret. */
export const Metadata = z.record(z.string(), z.string());
export type Metadata = z.infer<typeof Metadata>;

/** How to start a stdio upstream that a person named on the command line. Secrets are names here, values are in the vault. */
export const Launch = z.object({
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  /** Names of environment variables whose values the vault holds for this profile. */
  secretEnv: z.array(z.string()).default([]),
  cwd: z.string().nullable().default(null),
});
export type Launch = z.infer<typeof Launch>;

/** Where an upstream's stderr goes: kept in memory only, also to the gateway's own stderr, or appended to a file. */
export const Stderr = z.union([z.enum(['null', 'inherit']), z.object({ file: z.string().min(1) })]);
export type Stderr = z.infer<typeof Stderr>;

/** One authenticated account of a connector. */
export const Profile = z.object({
  /** `<connector>:<name>` */
  id: z.string(),
  connector: z.string(),
  name: z.string(),
  metadata: Metadata,
  /** Unix seconds. */
  createdAt: z.int(),
  isDefault: z.boolean(),
  /** The profile's own command; null means the connector's manifest says how to start it. */
  launch: Launch.nullable(),
  /** null means what the connector's manifest sets as default. */
  readOnly: z.boolean().nullable(),
  stderr: Stderr,
  /** Folders its server may know of, absolute; without any, those of a client that talks to this profile alone. */
  roots: z.array(z.string()).optional(),
  /** Another way to the same service, as its connector names it; absent means the connector's own. */
  variant: z.string().optional(),
  /** The way it signs in; absent means the connector's own. */
  auth: z.string().optional(),
  /** How much depends on it; absent where nobody said. */
  env: EnvClass.optional(),
  /** Who is signed in for it, where that is known. */
  account: z.string().optional(),
});
export type Profile = z.infer<typeof Profile>;

/** A field the manifest asks people for when they add a profile. */
export const MetadataField = z.object({
  key: z.string(),
  label: z.string(),
  description: z.string(),
  required: z.boolean(),
  kind: z.enum(['text', 'path', 'url']),
  mustExist: z.boolean(),
  default: z.string().nullable(),
  choices: z.array(z.string()),
  pattern: z.string().nullable(),
});
export type MetadataField = z.infer<typeof MetadataField>;

/** How a connector is reached. `http`: Streamable HTTP, or SSE where the server does not speak that. */
export const TransportName = z.enum(['stdio', 'http', 'streamable-http', 'sse']);
export type TransportName = z.infer<typeof TransportName>;

/**
 * How a service treats a client it does not know: it lets it register itself, wants an app of the user's own, lets in
 * those on its list only, or does not say.
 */
export const SignInGroup = z.enum(['registers', 'own-app', 'known-clients', 'undocumented']);
export type SignInGroup = z.infer<typeof SignInGroup>;

/** One way to sign in to a connector, as a person is told of it. */
export const SignInMethod = z.object({
  method: z.enum(['none', 'token', 'basic', 'oauth', 'machine', 'ambient']),
  label: z.string(),
  /** Names of the secrets a profile must bring for it. */
  secrets: z.array(z.string()),
  /** What such a secret begins with, when that is known. */
  prefix: z.array(z.string()),
  /** The page where one is made. */
  create: z.string().nullable(),
  /** What to allow it, in the service's words. */
  scopes: z.array(z.string()),
  /** Only with `oauth`. */
  group: SignInGroup.nullable(),
  /** What to know before, in sentences; empty when nothing. */
  note: z.string(),
});
export type SignInMethod = z.infer<typeof SignInMethod>;

/** One way to a service: its own, or a variant such as a server of one's own. */
const ConnectorWay = z.object({
  transport: TransportName,
  auth: z.string(),
  url: z.string().nullable(),
  metadata: z.array(MetadataField),
  /** Names of the secrets a profile must bring, e.g. `["token"]`. */
  secrets: z.array(z.string()),
  /** The first one is that of `auth`. */
  methods: z.array(SignInMethod),
  /** null: the service has no such switch. */
  readOnly: z
    .object({ default: z.boolean(), covers: z.string().nullable(), note: z.string().nullable() })
    .nullable(),
  /** Metadata fields whose choices the service can list once a profile is signed in. */
  pickers: z.array(z.string()),
});
export type ConnectorWay = z.infer<typeof ConnectorWay>;

/** What people and clients may know of a connector; the manifest itself stays in the gateway. */
export const ConnectorSummary = ConnectorWay.extend({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  kind: z.enum(['builtin', 'custom']),
  docs: z.string().nullable(),
  note: z.string().nullable(),
  variants: z.record(z.string(), ConnectorWay),
  /** How, when and by what the manifest was checked, when it says so. */
  checked: z
    .object({
      on: z.string(),
      method: z.enum(['read', 'recorded', 'live']),
      by: z.string().nullable(),
      sources: z.array(z.string()),
    })
    .nullable(),
});
export type ConnectorSummary = z.infer<typeof ConnectorSummary>;

/** One thing a profile can be limited to, as its server lists it. */
export const Choice = z.object({ id: z.string(), label: z.string(), hint: z.string() });
export type Choice = z.infer<typeof Choice>;

/** A manifest that could not be used, and what to do about it. */
export const ConnectorProblem = z.object({
  file: z.string(),
  connector: z.string(),
  severity: z.enum(['warning', 'error']),
  message: z.string(),
  fix: z.string(),
});
export type ConnectorProblem = z.infer<typeof ConnectorProblem>;

/** `<connector>:<name>` */
export function profileId(connector: string, name: string): string {
  return `${connector}:${name}`;
}

const allowedName = /^[a-z0-9_-]+$/;
/** A name longer than this could never leave room for a tool in an exposed name. */
export const maxNameLength = 64;

/** Checks a name people give against the original's charset (a-z 0-9 - _); throws NAME_INVALID. */
export function checkName(
  what: 'profile' | 'connector' | 'alias' | 'client' | 'workspace',
  name: string,
): void {
  if (name === '') throw new NucleusError('NAME_INVALID', `invalid ${what}: the name is empty`);
  if (name.length > maxNameLength)
    throw new NucleusError(
      'NAME_INVALID',
      `invalid ${what}: name "${name.slice(0, 20)}…" is longer than ${maxNameLength} characters`,
    );
  if (allowedName.test(name)) return;
  const bad = [...name].find((char) => !allowedName.test(char)) ?? name;
  throw new NucleusError(
    'NAME_INVALID',
    `invalid ${what}: name "${name}" has invalid char '${bad}' (allowed: a-z 0-9 - _)`,
  );
}
