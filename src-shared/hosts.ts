import * as z from 'zod';
import { hostNames } from './host-names.ts';

export const HostName = z.enum(hostNames);
export type HostName = z.infer<typeof HostName>;

/** Our entry in the configuration of one host, e.g. Claude Desktop. */
export const HostStatus = z.object({
  host: HostName,
  title: z.string(),
  /** `missing`: it was there, or was never asked for; `changed`: somebody else edited it, or there are two of it. */
  state: z.enum(['connected', 'missing', 'changed', 'not-installed', 'unreadable']),
  file: z.string(),
  /** Whether a person said yes once: only then a wiped entry is mended. */
  consented: z.boolean(),
  /** Unified diff of what connecting would change, our part only; empty when nothing. */
  preview: z.string(),
  /** The copy made before the last change, null when there is nothing to undo. */
  backup: z.string().nullable(),
  /** One sentence when `unreadable`. */
  problem: z.string().nullable(),
  /** Names of the servers beside ours in its file. */
  others: z.array(z.string()),
  /** Names of further entries that lead to Nucleus as well; connecting removes them. */
  duplicates: z.array(z.string()),
  /** When we last put our entry back after the host had dropped it, Unix milliseconds. */
  repairedAt: z.number().nullable(),
});
export type HostStatus = z.infer<typeof HostStatus>;
