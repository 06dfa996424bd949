import * as z from 'zod';
import { ActivityFilters, ActivityId, ActivityPage, AuditVerification, Timeline } from './audit.ts';
import { FoundTools } from './found-tools.ts';
import { Finding } from './doctor.ts';
import { HostName, HostStatus } from './hosts.ts';
import { ImportPlan, ImportResult, ImportUndone } from './import.ts';
import { fixedModes, modes } from './modes.ts';
import {
  Choice,
  ConnectorProblem,
  ConnectorSummary,
  Launch,
  Metadata,
  Profile,
  Stderr,
  TransportName,
} from './model.ts';
import { loopbackName } from './page-address.ts';
import {
  AnsweredApproval,
  EnvClass,
  GrantAsked,
  GrantInfo,
  PendingApproval,
  PolicyInfo,
  PolicyProblem,
  PolicyTest,
} from './policy.ts';
import { BeginSignIn, SignInInfo, SignInState } from './sign-in.ts';
import { Updates } from './updates.ts';
import { WorkspaceInfo } from './workspace.ts';

/** A question any UI or command line puts to the gateway. */
const ask = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({
  kind: 'ask' as const,
  input,
  output,
});

/** Something the gateway or the app says to every open window. */
const tell = <P extends z.ZodType>(payload: P) => ({ kind: 'tell' as const, payload });

/** A client that comes over HTTP with a token of its own; the token itself is shown once and kept nowhere. */
export const ClientInfo = z.object({
  name: z.string(),
  /** The only profiles it may use, under their aliases in its tools' names; null for every profile there is. */
  profiles: z.array(z.object({ id: z.string(), alias: z.string() })).nullable(),
  /** The workspace whose accounts are all it may use; null where `profiles` says it. */
  workspace: z.string().nullable(),
  /** Unix seconds. */
  createdAt: z.int(),
  /** Unix seconds; null for never. */
  expiresAt: z.int().nullable(),
});
export type ClientInfo = z.infer<typeof ClientInfo>;

export const AddClient = z.object({
  name: z.string(),
  profiles: z
    .array(z.object({ id: z.string().max(200), alias: z.string() }))
    .min(1)
    .max(1_000)
    .nullable()
    .default(null),
  /** The accounts of this workspace only, as they are there; not together with `profiles`. */
  workspace: z.string().max(100).nullable().default(null),
  /** A duration such as `30d`; null for a token that never ends. */
  expiresIn: z.string().max(50).nullable().default(null),
});

/** How an upstream is doing. `asleep`: known and not running; it starts when called. `signed-out`: a person has to sign in. */
export const UpstreamState = z.enum([
  'asleep',
  'starting',
  'ready',
  'resting',
  'failing',
  'locked',
  'signed-out',
]);
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

const Cost = z.object({ tools: z.int(), tokens: z.int() });

/** Where a setting comes from. */
const Origin = z.object({
  /** Its line in config.toml; null when it does not stand there. */
  line: z.int().nullable(),
  /** What goes before config.toml, a flag or a variable by its name: such a setting cannot be changed here. */
  ruledBy: z.string().nullable(),
});

/** What clients are shown that ask for nothing else, and what each mode would cost a model. Tokens are estimates. */
export const Surface = z.object({
  /** As config.toml says it. */
  mode: z.enum(modes),
  /** What `auto` chose; else the same. */
  chosen: z.enum(fixedModes),
  /** Tokens that `auto` may spend. */
  budget: z.int(),
  /** Accounts that `hybrid` shows as well. */
  alwaysOn: z.array(z.string()),
  costs: z.record(z.enum(fixedModes), Cost),
  warnings: z.array(z.string()),
  /** config.toml, there or not yet; null when the gateway was not started from one and nothing can be set. */
  file: z.string().nullable(),
  origins: z.object({ mode: Origin, budget: Origin, alwaysOn: Origin }),
});
export type Surface = z.infer<typeof Surface>;

/** What of the surface is to be another way; what is left out stays. */
export const SurfaceChange = z.object({
  mode: z.enum(modes).optional(),
  budget: z.int().min(1).max(1_000_000).optional(),
  alwaysOn: z.array(z.string().max(200)).max(100).optional(),
});
export type SurfaceChange = z.infer<typeof SurfaceChange>;

export const GatewayStatus = z.object({
  version: z.string(),
  pid: z.int(),
  home: z.string(),
  socket: z.string().nullable(),
  /** Base URL of the HTTP front, null while it does not listen. */
  http: z.string().nullable(),
  /** Why it does not listen though it should, in one sentence. */
  httpProblem: z.string().nullable(),
  /** Unix milliseconds. */
  startedAt: z.number(),
  clients: z.array(
    z.object({ name: z.string(), version: z.string(), principal: z.string(), connectedAt: z.number() }),
  ),
  upstreams: z.array(UpstreamStatus),
  vault: VaultStatus,
  surface: Surface.pick({ mode: true, chosen: true }).extend(Cost.shape),
  /** When everything was locked, Unix milliseconds; null while it is not. */
  lockedAt: z.number().nullable(),
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
  /** With url: how the connector it makes is reached; null is `http`, which finds out. */
  transport: TransportName.exclude(['stdio']).nullable().default(null),
  /** With url: where a connector of one's own is known already, it moves there, with all its profiles. */
  forceUrl: z.boolean().default(false),
  /** With url: templates by header name; `{{secret.NAME}}` stands for a secret of the profile. */
  headers: z.record(z.string(), z.string()).default({}),
  readOnly: z.boolean().nullable().default(null),
  /** Another way to the same service, as its connector names it; null is the connector's own. */
  variant: z.string().max(64).nullable().default(null),
  /** One of the connector's ways to sign in; null is its own. */
  auth: z.string().max(64).nullable().default(null),
  stderr: Stderr.default('null'),
  /** Folders the server may know of, absolute. */
  roots: z.array(z.string().min(1)).max(100).default([]),
  /** Folder that relative paths in metadata start from; null refuses relative paths. */
  cwd: z.string().nullable().default(null),
  /** How much depends on the account; null leaves it open. With `replace`, null keeps what it was. */
  env: EnvClass.nullable().default(null),
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
  /** null where nobody ever signed in or had to. */
  signIn: SignInInfo.nullable(),
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
  /** About what its definition costs a model. */
  tokens: z.int(),
});
export type ExposedTool = z.infer<typeof ExposedTool>;

export const AppSettings = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  /** null where there is no login to start at. */
  autostart: z.boolean().nullable(),
  /** Last view shown. */
  view: z.enum(['profiles', 'approvals', 'activity', 'tools', 'policy', 'clients', 'doctor', 'settings']),
  /** Somebody chose to add a profile outside the window, which has not shown the gallery for it yet. Never kept. */
  wantsAdd: z.boolean(),
  /** The same for a profile that somebody chose to look at. */
  wantsProfile: z.string().max(200).nullable().optional(),
  /** null where it is not the app that is shown: it alone looks for newer versions of itself. */
  updates: Updates.nullable(),
});
export type AppSettings = z.infer<typeof AppSettings>;

/** What a window has to ask about again. */
export const Topic = z.enum([
  'profiles',
  'approvals',
  'policy',
  'status',
  'tools',
  'hosts',
  'settings',
  'workspaces',
  'sign-in',
  'activity',
]);
export type Topic = z.infer<typeof Topic>;

/** Reading is no act: the files are the user's own. */
const listHosts = ask(z.object({}), z.array(HostStatus));
/** What the files of this person's clients hold, and `files` besides; nothing is changed, and no secret is told. */
const lookAtClients = ask(
  z.object({ files: z.array(z.string().max(4_200)).max(20).default([]) }),
  ImportPlan,
);

/** A raw MCP result: what the upstream sent, nothing read into it. */
const RawResult = z.record(z.string(), z.unknown());

/**
 * Everything a UI or a command line and the gateway say to each other. Types on both ends are derived from it. These
 * questions anybody may put who reaches the private socket.
 */
export const contract = {
  gateway: {
    status: ask(z.object({}), GatewayStatus),
    /** Answers, then closes; with `byPerson` shims start no new one until `nucleus start`. */
    stop: ask(z.object({ byPerson: z.boolean() }), z.object({})),
    /**
     * What has to be asked about again since the last answer, whose `seq` goes into `since`; null at first. Answers as
     * soon as there is something, or after half a minute with nothing.
     */
    watch: ask(z.object({ since: z.int().nullable() }), z.object({ seq: z.int(), topics: z.array(Topic) })),
  },
  connectors: {
    list: ask(
      z.object({}),
      z.object({ connectors: z.array(ConnectorSummary), problems: z.array(ConnectorProblem) }),
    ),
    /** What files in a folder, or above it, say about the metadata of a profile that is added there. */
    detect: ask(
      z.object({ connector: z.string(), folder: z.string().max(4_096) }),
      z.array(
        z.object({ field: z.string(), value: z.string(), file: z.string(), reason: z.string().nullable() }),
      ),
    ),
  },
  profiles: {
    list: ask(z.object({}), z.array(Profile)),
    add: ask(AddProfile, z.object({ profile: Profile, probe: Probe.nullable(), notes: z.array(z.string()) })),
    info: ask(z.object({ id: z.string().nullable(), probe: z.boolean() }), z.array(ProfileInfo)),
    remove: ask(z.object({ id: z.string() }), z.object({ removed: z.array(z.string()) })),
    /** Takes it out of every view at once and removes it, secrets included, when `undoMs` are over. */
    removeLater: ask(z.object({ id: z.string(), undoMs: z.int().min(1_000).max(60_000) }), z.object({})),
    /** Takes a removal back that is not done yet. */
    keep: ask(z.object({ id: z.string() }), z.object({ kept: z.boolean() })),
    /** Another name for a profile: its id and its tools' names change, its secrets and age stay. */
    rename: ask(z.object({ id: z.string(), name: z.string() }), Profile),
    use: ask(z.object({ id: z.string() }), Profile),
    /** What its server lists for a field of its connector's `pickers`; asks the server, which has to be signed in to. */
    choices: ask(
      z.object({ id: z.string(), field: z.string() }),
      z.object({
        field: z.string(),
        label: z.string(),
        choices: z.array(Choice),
        /** The value it has now. */
        current: z.string().nullable(),
        /** Whether it may be left open. */
        maySkip: z.boolean(),
      }),
    ),
    /** Gives such a field a value, or none with null, and reaches the server anew. */
    pick: ask(
      z.object({
        id: z.string(),
        field: z.string(),
        value: z.string().max(256).nullable(),
        connect: z.boolean().default(true),
      }),
      z.object({ profile: Profile, probe: Probe.nullable() }),
    ),
    /** Another value for a secret it has; only what is named changes. */
    setSecrets: ask(
      z.object({ id: z.string(), secrets: z.record(z.string(), z.string().max(100_000)) }),
      z.object({ changed: z.array(z.string()) }),
    ),
    /** Gives a profile a class that has none; another class, or none, is for a person to give. */
    setEnv: ask(z.object({ id: z.string(), env: EnvClass }), Profile),
    clearDefault: ask(z.object({ connector: z.string() }), z.object({ cleared: z.boolean() })),
  },
  signIn: {
    /** Takes the place of one that is open for the profile. Answers when its page is there, or it failed. */
    begin: ask(BeginSignIn, SignInState),
    /** The last one of each profile; `sign-in` is announced when one changes. */
    list: ask(z.object({}), z.array(SignInState)),
    /** Answers when it is over. It is cancelled when the one who waits is gone. */
    wait: ask(z.object({ id: z.string() }), SignInState),
    /** Takes the address the browser was sent back to, where it could not reach us. */
    finish: ask(
      z.object({ id: z.string(), redirect: z.string().max(20_000) }),
      z.object({ isTaken: z.boolean() }),
    ),
    cancel: ask(z.object({ profile: z.string() }), z.object({ cancelled: z.boolean() })),
  },
  surface: {
    get: ask(z.object({}), Surface),
    /**
     * Writes it into config.toml, all else there kept, and shows it to clients at once. No proof of a person: what is
     * not shown can be called all the same, so nobody may do more by it.
     */
    set: ask(SurfaceChange, Surface),
  },
  tools: {
    /** With `wait` profiles that were never listed are started first; those that fail are `missing`. */
    list: ask(
      z.object({ wait: z.boolean().default(true) }),
      z.object({ tools: z.array(ExposedTool), missing: z.array(z.string()) }),
    ),
    /** The whole definition as clients get it, as JSON text. */
    describe: ask(z.object({ name: z.string().max(500) }), z.object({ definition: z.string() })),
    /** What a client that asks `nucleus_find_tool` gets; `wait` as in `list`. */
    find: ask(
      z.object({
        intent: z.string().trim().min(1).max(4_000),
        limit: z.int().min(1).max(50),
        wait: z.boolean().default(true),
      }),
      FoundTools,
    ),
    call: ask(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }), RawResult),
  },
  clients: {
    list: ask(z.object({}), z.array(ClientInfo)),
    /** `url` is where the client connects to; null while no gateway listens for HTTP. */
    add: ask(AddClient, z.object({ client: ClientInfo, token: z.string(), url: z.string().nullable() })),
    /** Its token opens nothing any more, and its sessions end. */
    remove: ask(z.object({ name: z.string() }), z.object({ removed: z.boolean() })),
  },
  workspaces: {
    /** Every folder that is registered, and every one a client is in. */
    list: ask(z.object({}), z.array(WorkspaceInfo)),
    /** What a client that works in this folder sees, and why; with `isBound` one whose token keeps to the folder. */
    resolve: ask(
      z.object({ folder: z.string().max(4_096), isBound: z.boolean().default(false) }),
      WorkspaceInfo,
    ),
    /** Gives a folder a name and so an address; without a name, one made of the folder's own. */
    add: ask(
      z.object({ folder: z.string().max(4_096), name: z.string().nullable().default(null) }),
      WorkspaceInfo,
    ),
    remove: ask(z.object({ name: z.string() }), z.object({ removed: z.boolean() })),
  },
  policy: {
    get: ask(z.object({}), PolicyInfo),
    /** What is wrong with a text, or with the file; nothing is changed. */
    check: ask(z.object({ text: z.string().max(10_000_000).nullable() }), z.array(PolicyProblem)),
    /** What would happen to a call under the name clients see, or to a tool of a profile. Calls nothing. */
    test: ask(
      z.object({
        name: z.string().max(500),
        /** With it `name` is the upstream's own. */
        profile: z.string().max(200).nullable().default(null),
        arguments: z.record(z.string(), z.unknown()).default({}),
        client: z.string().max(200).default('nucleus'),
      }),
      PolicyTest,
    ),
  },
  approvals: {
    list: ask(
      z.object({}),
      z.object({ waiting: z.array(PendingApproval), answered: z.array(AnsweredApproval) }),
    ),
    /** Anybody may refuse; only a person may allow. */
    deny: ask(z.object({ id: z.string() }), z.object({ counted: z.boolean() })),
    grants: ask(z.object({}), z.array(GrantInfo)),
    revoke: ask(z.object({ id: z.string() }), z.object({ revoked: z.boolean() })),
    /** Answers when the queue is another one than before, or after half a minute. */
    watch: ask(z.object({}), z.object({})),
  },
  /** The calls that were made, from the audit log. */
  audit: {
    /** Newest first. A page may hold less than `limit` where its lines are long. */
    query: ask(
      z.object({
        filters: ActivityFilters.prefault({}),
        /** `next` of the page before; null for the newest. */
        before: ActivityId.nullable().default(null),
        limit: z.int().min(1).max(200).default(50),
      }),
      ActivityPage,
    ),
    /** How many calls there were in each of so many equal parts of a time. */
    timeline: ask(
      z
        .object({
          filters: ActivityFilters.prefault({}),
          since: z.number(),
          until: z.number(),
          buckets: z.int().min(1).max(120),
        })
        .refine(({ since, until }) => since < until, 'until must be later than since'),
      Timeline,
    ),
    /** One whole line as it stands in the log, by what the list called it or by its number in the chain. */
    record: ask(
      z.union([z.object({ id: ActivityId }), z.object({ seq: z.int().positive() })]),
      z.object({
        /** null when it was rotated away. */
        line: z.string().nullable(),
        /** false for one so long that its end is left out. */
        isWhole: z.boolean(),
        /** Whether the vault vouches for it. */
        isSealed: z.boolean(),
      }),
    ),
    /** Looks through the whole chain; some seconds for a full log. */
    verify: ask(z.object({}), AuditVerification),
  },
  hosts: { list: listHosts },
  import: { look: lookAtClients },
  doctor: {
    /** Every look there is, worst first; with `probe` each server is reached, too. Changes nothing. */
    run: ask(z.object({ probe: z.boolean() }), z.array(Finding)),
  },
  lock: {
    /** Refuses every call and stops every server until a person unlocks; no proof is needed to be safer. */
    engage: ask(z.object({}), z.object({ lockedAt: z.number() })),
  },
  /** Proof of a person where there is no window. */
  person: {
    /** What proofs there are here. */
    ways: ask(
      z.object({}),
      z.object({
        hasPin: z.boolean(),
        hasApp: z.boolean(),
        hasSystem: z.boolean(),
        pinLockedUntil: z.number().nullable(),
      }),
    ),
    /** Puts a question of `personContract`, proven by the approval PIN. */
    askWithPin: ask(
      z.object({ question: z.string().max(100), input: z.unknown(), pin: z.string().max(200) }),
      z.object({ answer: z.unknown() }),
    ),
    /** The same, proven by the system: polkit, Touch ID, Windows Hello. */
    askWithSystem: ask(
      z.object({ question: z.string().max(100), input: z.unknown() }),
      z.object({ answer: z.unknown() }),
    ),
    /** Sets the first PIN, after whoever sits at this terminal typed a number, or the app said yes. */
    setFirstPin: ask(
      z.object({ pin: z.string().max(200), terminal: z.string().max(100) }),
      z.object({ isSet: z.boolean() }),
    ),
  },
  vault: {
    /** Opens the vault when it was not: the answer is the truth, not a guess. */
    status: ask(z.object({}), VaultStatus),
    /** Keeps the data key elsewhere: the keychain, or sealed by the passphrase. */
    move: ask(z.object({ to: z.enum(['keychain', 'passphrase']) }), VaultStatus),
    /** Makes a new data key and seals every record with it. */
    rekey: ask(z.object({}), VaultStatus),
    /**
     * Gives up the secrets whose key is lost, so that new ones can be stored; answers the profiles that lost one. Where
     * the approval PIN and what else a person accepted is lost as well, everything is locked.
     */
    recover: ask(
      z.object({}),
      z.object({ lost: z.array(z.string()), isGuardLost: z.boolean(), status: VaultStatus }),
    ),
  },
};
export type Contract = typeof contract;

/**
 * What only a person may do: by a click in the app's own window or notification, with the approval PIN, or by what the
 * system offers. The socket takes these with such a proof only: a program of the same user, a model's shell included,
 * can reach the socket and must not be able to say yes.
 */
export const personContract = {
  approvals: {
    /**
     * Says yes to a question, for more than one call with `grant`, for one of its choices with `choice`. `counted` is
     * false within 400 ms of the question, and for one that is over.
     */
    allow: ask(
      z.object({
        id: z.string(),
        grant: GrantAsked.nullable().default(null),
        choice: z.string().max(200).nullable().default(null),
      }),
      z.object({ counted: z.boolean() }),
    ),
  },
  policy: {
    /** Lets the file's text with this id judge alone, which the person saw. */
    accept: ask(z.object({ version: z.string().max(100) }), PolicyInfo),
    /** Writes the file and accepts it, unless it is another one by now than `base`. */
    save: ask(
      z.object({ text: z.string().max(1_000_000), base: z.string().max(1_000_000).nullable() }),
      PolicyInfo,
    ),
  },
  lock: {
    release: ask(z.object({}), z.object({})),
  },
  pin: {
    /** Sets the approval PIN, or another one. */
    set: ask(z.object({ pin: z.string().max(200) }), z.object({})),
    remove: ask(z.object({}), z.object({})),
  },
  profiles: {
    /** Any class, or none. */
    changeEnv: ask(z.object({ id: z.string(), env: EnvClass.nullable() }), Profile),
  },
  workspaces: {
    /** Lets a workspace file apply: the content with this hash, which the person saw. */
    trust: ask(z.object({ file: z.string().max(4_200), hash: z.string().max(64) }), z.object({})),
    /** Takes back all that was trusted of a file. */
    forget: ask(z.object({ file: z.string().max(4_200) }), z.object({ forgotten: z.boolean() })),
  },
  hosts: {
    list: listHosts,
    connect: ask(z.object({ host: HostName }), HostStatus),
    /** Puts the file back byte for byte as it was before `connect`. */
    undo: ask(z.object({ host: HostName }), HostStatus),
    /** Makes a bundle for Claude Desktop's own installer; answers where it lies. */
    bundle: ask(z.object({}), z.object({ path: z.string() })),
  },
  import: {
    look: lookAtClients,
    /** Makes profiles of these servers and, with `clean`, our entry of theirs in the clients' files. */
    run: ask(
      z.object({
        version: z.string().max(100),
        files: z.array(z.string().max(4_200)).max(20).default([]),
        servers: z.array(z.string().max(500)).min(1).max(500),
        clean: z.boolean(),
      }),
      ImportResult,
    ),
    /** Takes the last import back: its profiles go, the files are what they were. */
    undo: ask(z.object({}), ImportUndone),
  },
  doctor: {
    /** Mends what a finding said and looks again; `null` when it is no longer there to be mended. */
    fix: ask(
      z.object({ check: z.string().max(100), subject: z.string().max(4_200).nullable() }),
      z.object({ finding: Finding.nullable() }),
    ),
  },
};
export type PersonContract = typeof personContract;

/**
 * A page for the person's browser, whose text nobody on the way can change (page-address.ts): a person makes a token
 * there.
 */
const PageUrl = z.union(
  [
    z.url({ protocol: /^https$/ }).max(2_000),
    z.url({ protocol: /^http$/, hostname: loopbackName }).max(2_000),
  ],
  'must be an address with https, or with http on this machine',
);

/** What the desktop app's own process answers. */
export const appContract = {
  settings: {
    get: ask(z.object({}), AppSettings),
    set: ask(
      AppSettings.omit({ updates: true }).partial().extend({ looksForUpdates: z.boolean().optional() }),
      AppSettings,
    ),
  },
  app: {
    quit: ask(z.object({}), z.object({})),
    /** Opens the native file dialog; null when it was closed. */
    pickFile: ask(z.object({ title: z.string() }), z.object({ path: z.string().nullable() })),
    copy: ask(z.object({ text: z.string().max(100_000) }), z.object({})),
    /** Opens a page in the person's browser, such as the one where a token is made. */
    openPage: ask(z.object({ url: PageUrl }), z.object({})),
    /** Opens config.toml where the system edits such files, or shows its folder when there is none yet. */
    openConfig: ask(z.object({}), z.object({})),
    /** Looks for a newer version now, where looking is on at all; what it found comes with the settings. */
    lookForUpdate: ask(z.object({}), AppSettings),
  },
  events: {
    changed: tell(z.object({ topics: z.array(Topic) })),
  },
};
export type AppContract = typeof appContract;

/** All the popover of the tray may ask: what it shows and what is done there. It says yes to no call. */
export const popoverContract = {
  gateway: { status: contract.gateway.status },
  connectors: { list: contract.connectors.list },
  profiles: { list: contract.profiles.list, use: contract.profiles.use },
  signIn: { begin: contract.signIn.begin },
  approvals: { list: contract.approvals.list, deny: contract.approvals.deny },
  audit: { timeline: contract.audit.timeline },
  lock: { engage: contract.lock.engage, release: personContract.lock.release },
  settings: { get: appContract.settings.get },
  app: { copy: appContract.app.copy },
  events: appContract.events,
  popover: {
    /** Opens the window on what was chosen, and closes the popover. */
    leaveFor: ask(
      z.object({
        view: AppSettings.shape.view.nullable().default(null),
        profile: z.string().max(200).nullable().default(null),
        add: z.boolean().default(false),
      }),
      z.object({}),
    ),
    close: ask(z.object({}), z.object({})),
  },
};
export type PopoverContract = typeof popoverContract;

/** All a window of the app may ask. */
export const windowContract = {
  ...contract,
  ...personContract,
  ...appContract,
  // Groups of both: what anybody may ask, and what only a person may do.
  workspaces: { ...contract.workspaces, ...personContract.workspaces },
  approvals: { ...contract.approvals, ...personContract.approvals },
  policy: { ...contract.policy, ...personContract.policy },
  lock: { ...contract.lock, ...personContract.lock },
  profiles: { ...contract.profiles, ...personContract.profiles },
  doctor: { ...contract.doctor, ...personContract.doctor },
};
export type WindowContract = typeof windowContract;

/** One question: what it takes and what it answers. */
export type Ask<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> = {
  readonly kind: 'ask';
  readonly input: I;
  readonly output: O;
};
type Tell<P extends z.ZodType = z.ZodType> = { readonly kind: 'tell'; readonly payload: P };

/** Groups of questions and announcements: the shape of every contract. */
export type AnyContract = Record<string, Record<string, Ask | Tell>>;

/** What a UI or a command holds: a function per question, a subscription per announcement. */
export type ApiOf<C> = {
  [G in keyof C]: {
    [K in keyof C[G]]: C[G][K] extends Ask<infer I, infer O>
      ? (input: z.input<I>) => Promise<z.output<O>>
      : C[G][K] extends Tell<infer P>
        ? (listen: (payload: z.output<P>) => void) => () => void
        : never;
  };
};
export type Api = ApiOf<Contract>;

/** What answers: a handler per question. A missing one does not compile. */
export type HandlersOf<C> = {
  [G in keyof C]: {
    [K in keyof C[G] as C[G][K] extends Ask ? K : never]: C[G][K] extends Ask<infer I, infer O>
      ? (input: z.output<I>, context: AskContext) => z.input<O> | Promise<z.input<O>>
      : never;
  };
};
export type Handlers = HandlersOf<Contract>;

export interface AskContext {
  /** Aborted when the one who asked is gone. */
  readonly signal: AbortSignal;
}

/** The wire name of a question: `profiles.add`. */
export type AskName = {
  [G in keyof Contract & string]: `${G}.${keyof Contract[G] & string}`;
}[keyof Contract & string];
