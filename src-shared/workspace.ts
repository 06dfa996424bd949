import * as z from 'zod';

/** The file in a folder that says which accounts are used there. */
export const workspaceFileName = '.mcp-profiles.toml';

/** Something wrong with what a workspace says, and what to do about it. Its text can be shown as it is. */
export const WorkspaceProblem = z.object({
  file: z.string(),
  /** From 1; null where it concerns the whole file. */
  line: z.int().nullable(),
  /** The connector it keeps something from; the others are served. */
  connector: z.string().nullable(),
  message: z.string(),
  fix: z.string(),
});
export type WorkspaceProblem = z.infer<typeof WorkspaceProblem>;

/** One line of a workspace file: an account, and what it is called in that folder. */
export const WorkspaceBinding = z.object({
  /** `<connector>:<name>` */
  profile: z.string(),
  alias: z.string(),
  note: z.string().nullable(),
});
export type WorkspaceBinding = z.infer<typeof WorkspaceBinding>;

/**
 * What a workspace file says of one connector: only these accounts (none where all lines are wrong, so that a mistake
 * never shows more than was meant), or only the one that is detected or the default (`pinned`).
 */
export const WorkspaceConnector = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('bound'), connector: z.string(), bindings: z.array(WorkspaceBinding) }),
  z.object({ kind: z.literal('pinned'), connector: z.string() }),
]);
export type WorkspaceConnector = z.infer<typeof WorkspaceConnector>;

/**
 * Where a workspace file stands. `trusted`: a person agreed to this content. `changed`: to an earlier one, which
 * applies until they agree to this. `untrusted`: never; it does not apply. `invalid`: it cannot be read, and does not
 * apply either. `gone`: it was removed, and a client that is bound to the workspace still has what was trusted last.
 */
export const WorkspaceFileState = z.enum(['trusted', 'changed', 'untrusted', 'invalid', 'gone']);
export type WorkspaceFileState = z.infer<typeof WorkspaceFileState>;

export const WorkspaceFile = z.object({
  path: z.string(),
  state: WorkspaceFileState,
  /** SHA-256 of what is in it now, in hexadecimal: what trusting it names. null where it cannot be read. */
  hash: z.string().nullable(),
  /** What it says now, whether that applies or not. */
  connectors: z.array(WorkspaceConnector),
  problems: z.array(WorkspaceProblem),
});
export type WorkspaceFile = z.infer<typeof WorkspaceFile>;

/** Which rule chose the accounts of a connector, the first that fits. */
export const BindingSource = z.enum(['explicit', 'autodetect', 'only_one', 'default', 'all']);
export type BindingSource = z.infer<typeof BindingSource>;

/** The accounts of one connector in a workspace, and why these. */
export const ResolvedConnector = z.object({
  connector: z.string(),
  source: BindingSource,
  /** One sentence on where that comes from. */
  hint: z.string(),
  /** The one that is meant when none is named stands first and is marked; with source `all` none is. */
  bindings: z.array(WorkspaceBinding.extend({ isDefault: z.boolean() })),
});
export type ResolvedConnector = z.infer<typeof ResolvedConnector>;

/** A folder clients work in: what they see there and why. */
export const WorkspaceInfo = z.object({
  folder: z.string(),
  /** What it is registered as; null for a folder that is not. */
  name: z.string().nullable(),
  /** Its other name in addresses, made from the folder. */
  id: z.string(),
  /** Where a client reaches it over HTTP; null while it is not registered, or nothing listens. */
  url: z.string().nullable(),
  /** Clients that are in it now. */
  clients: z.int(),
  /** The files found from the folder upwards, the one that applies last. */
  files: z.array(WorkspaceFile),
  connectors: z.array(ResolvedConnector),
  /** What is wrong with what applies; what is wrong with a file that does not, its own row says. */
  problems: z.array(WorkspaceProblem),
});
export type WorkspaceInfo = z.infer<typeof WorkspaceInfo>;
