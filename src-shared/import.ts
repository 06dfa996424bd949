import * as z from 'zod';
import { HostName } from './hosts.ts';
import { EnvClass } from './policy.ts';

/** A file whose servers can be brought in. */
export const ImportSource = z.object({
  /** The file itself, absolute. */
  file: z.string(),
  /** Whose it is, e.g. `Cursor`, or `nexus.toml`. */
  title: z.string(),
  /** null for a file that belongs to no client of ours; such a file is never changed. */
  host: HostName.nullable(),
  /** Why nothing of it can be read; null when it can. */
  problem: z.string().nullable(),
});
export type ImportSource = z.infer<typeof ImportSource>;

/** One server of such a file and what it would become. No value of a secret is in here. */
export const ImportServer = z.object({
  /** Names it in `run`: stable as long as the file says the same. */
  id: z.string(),
  file: z.string(),
  /** Its name in the file. */
  name: z.string(),
  connector: z.string(),
  /** Title of the connector, for people. */
  title: z.string(),
  /** Whether the connector comes with Nucleus, else one of one's own is made. */
  isBuiltin: z.boolean(),
  /** Name of the profile it becomes; with the connector its id. */
  profile: z.string(),
  /** A guess from the name; null for none. */
  env: EnvClass.nullable(),
  /** The command or address, each secret as `{{secret.NAME}}`. */
  how: z.string(),
  /** The secrets that move to the vault: what they are called there, and where they stand in the clear now. */
  secrets: z.array(z.object({ name: z.string(), place: z.string() })),
  /** `known`: a profile does the same already, so only the entry goes; `left`: cannot be brought in, `reason` says why. */
  state: z.enum(['new', 'known', 'left']),
  /** Why it is left; else what of it does not come along, null when all does. */
  reason: z.string().nullable(),
});
export type ImportServer = z.infer<typeof ImportServer>;

export const ImportPlan = z.object({
  /** Of all that was read: `run` refuses when a file says something else by then. */
  version: z.string(),
  sources: z.array(ImportSource),
  servers: z.array(ImportServer),
  /** The last import, while it can be undone. */
  last: z.object({ at: z.number(), profiles: z.array(z.string()), files: z.array(z.string()) }).nullable(),
});
export type ImportPlan = z.infer<typeof ImportPlan>;

export const ImportResult = z.object({
  /** Ids of the profiles that were added; `problem` when one does not answer yet. */
  added: z.array(
    z.object({ profile: z.string(), tools: z.int().nullable(), problem: z.string().nullable() }),
  ),
  /** What could not be added, and stays where it was. */
  failed: z.array(z.object({ name: z.string(), file: z.string(), problem: z.string() })),
  /** Files whose entries were replaced by ours, each with the copy made before. */
  changed: z.array(z.object({ file: z.string(), backup: z.string() })),
});
export type ImportResult = z.infer<typeof ImportResult>;

export const ImportUndone = z.object({
  /** Profiles that are gone, secrets included. */
  removed: z.array(z.string()),
  /** Files that are as they were, byte for byte. */
  restored: z.array(z.string()),
  /** Files that somebody wrote to since: their old entries are back, all else was kept. */
  merged: z.array(z.string()),
});
export type ImportUndone = z.infer<typeof ImportUndone>;
