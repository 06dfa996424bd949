import * as z from 'zod';
import { ConnectorProblem, ConnectorSummary, Launch, Metadata, Profile, Stderr } from './model.ts';

/** A question any UI or command line puts to the gateway. */
const ask = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({
  kind: 'ask' as const,
  input,
  output,
});

/** How an upstream is doing. `asleep`: known and not running; it starts when called. */
export const UpstreamState = z.enum(['asleep', 'starting', 'ready', 'resting', 'failing', 'locked']);
export type UpstreamState = z.infer<typeof UpstreamState>;

export const UpstreamStatus = z.object({
  profile: z.string(),
  state: UpstreamState,
  tools: z.int(),
  pid: z.int().nullable(),
  inFlight: z.int(),
  /** One sentence on the last failure, null when the last start was fine. */
  problem: z.string().nullable(),
  /** What the upstream sent that no protocol allows, counted since its start. */
  oddities: z.int(),
});
export type UpstreamStatus = z.infer<typeof UpstreamStatus>;

export const VaultStatus = z.object({
  /** `unopened`: nothing needed a secret yet. */
  state: z.enum(['unopened', 'open', 'locked', 'off']),
  backend: z.enum(['keychain', 'passphrase']).nullable(),
  records: z.int(),
  /** Why it is locked and the ways out; null when it is not. */
  reason: z.string().nullable(),
});
export type VaultStatus = z.infer<typeof VaultStatus>;

export const GatewayStatus = z.object({
  version: z.string(),
  pid: z.int(),
  home: z.string(),
  socket: z.string().nullable(),
  /** Unix milliseconds. */
  startedAt: z.number(),
  clients: z.array(
    z.object({ name: z.string(), version: z.string(), principal: z.string(), connectedAt: z.number() }),
  ),
  upstreams: z.array(UpstreamStatus),
  vault: VaultStatus,
  warnings: z.array(z.string()),
});
export type GatewayStatus = z.infer<typeof GatewayStatus>;

/** What adding a profile needs; secrets travel over the private socket only, never in argv. */
export const AddProfile = z.object({
  connector: z.string(),
  name: z.string(),
  metadata: Metadata.default({}),
  launch: Launch.nullable().default(null),
  /** Makes an unknown connector one that is reached at this address. */
  url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** With url: templates by header name; `{{secret.NAME}}` stands for a secret of the profile. */
  headers: z.record(z.string(), z.string()).default({}),
  readOnly: z.boolean().nullable().default(null),
  stderr: Stderr.default('null'),
  /** Folder that relative paths in metadata start from; null refuses relative paths. */
  cwd: z.string().nullable().default(null),
  /** Secret name to value. */
  secrets: z.record(z.string(), z.string()).default({}),
  /** Takes the place of a profile of the same id, keeping its age and default mark. */
  replace: z.boolean().default(false),
  /** Starts the upstream once and fills the catalog. */
  connect: z.boolean().default(true),
});
export type AddProfile = z.input<typeof AddProfile>;

/** Outcome of starting an upstream to look at it. */
export const Probe = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    tools: z.int(),
    prompts: z.int(),
    resources: z.int(),
    server: z.string(),
    milliseconds: z.number(),
  }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
export type Probe = z.infer<typeof Probe>;

export const ProfileInfo = z.object({
  profile: Profile,
  connector: ConnectorSummary.nullable(),
  /** The exact command of a stdio upstream, untruncated. */
  command: z.array(z.string()),
  /** Where its secrets are kept, in words, or null when it has none. */
  credentials: z.string().nullable(),
  /** null when no probe was asked for. */
  probe: Probe.nullable(),
});
export type ProfileInfo = z.infer<typeof ProfileInfo>;

export const ExposedTool = z.object({
  name: z.string(),
  profile: z.string(),
  /** The upstream's own name of it. */
  tool: z.string(),
  description: z.string(),
});
export type ExposedTool = z.infer<typeof ExposedTool>;

/** A raw MCP result: what the upstream sent, nothing read into it. */
const RawResult = z.record(z.string(), z.unknown());

/** Everything a UI or a command line and the gateway say to each other. Types on both ends are derived from it. */
export const contract = {
  gateway: {
    status: ask(z.object({}), GatewayStatus),
    /** Answers, then closes; with `byPerson` shims start no new one until `nucleus start`. */
    stop: ask(z.object({ byPerson: z.boolean() }), z.object({})),
  },
  connectors: {
    list: ask(
      z.object({}),
      z.object({ connectors: z.array(ConnectorSummary), problems: z.array(ConnectorProblem) }),
    ),
  },
  profiles: {
    list: ask(z.object({}), z.array(Profile)),
    add: ask(AddProfile, z.object({ profile: Profile, probe: Probe.nullable(), notes: z.array(z.string()) })),
    info: ask(z.object({ id: z.string().nullable(), probe: z.boolean() }), z.array(ProfileInfo)),
    remove: ask(z.object({ id: z.string() }), z.object({ removed: z.array(z.string()) })),
    use: ask(z.object({ id: z.string() }), Profile),
    clearDefault: ask(z.object({ connector: z.string() }), z.object({ cleared: z.boolean() })),
  },
  tools: {
    list: ask(z.object({}), z.object({ tools: z.array(ExposedTool), missing: z.array(z.string()) })),
    call: ask(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }), RawResult),
  },
  vault: {
    /** Opens the vault when it was not: the answer is the truth, not a guess. */
    status: ask(z.object({}), VaultStatus),
    /** Keeps the data key elsewhere: the keychain, or sealed by the passphrase. */
    move: ask(z.object({ to: z.enum(['keychain', 'passphrase']) }), VaultStatus),
    /** Makes a new data key and seals every record with it. */
    rekey: ask(z.object({}), VaultStatus),
    /** Gives up the secrets whose key is lost, so that new ones can be stored; answers the profiles that lost one. */
    recover: ask(z.object({}), z.object({ lost: z.array(z.string()), status: VaultStatus })),
  },
};
export type Contract = typeof contract;

type Ask<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> = {
  readonly kind: 'ask';
  readonly input: I;
  readonly output: O;
};

/** What a UI or a command holds: a function per question. */
export type Api = {
  [G in keyof Contract]: {
    [K in keyof Contract[G]]: Contract[G][K] extends Ask<infer I, infer O>
      ? (input: z.input<I>) => Promise<z.output<O>>
      : never;
  };
};

/** What the gateway supplies: a handler per question. A missing one does not compile. */
export type Handlers = {
  [G in keyof Contract]: {
    [K in keyof Contract[G]]: Contract[G][K] extends Ask<infer I, infer O>
      ? (input: z.output<I>, context: AskContext) => z.input<O> | Promise<z.input<O>>
      : never;
  };
};

export interface AskContext {
  /** Aborted when the one who asked is gone. */
  readonly signal: AbortSignal;
}

/** The wire name of a question: `profiles.add`. */
export type AskName = {
  [G in keyof Contract & string]: `${G}.${keyof Contract[G] & string}`;
}[keyof Contract & string];
