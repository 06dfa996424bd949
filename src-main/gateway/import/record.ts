import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { HostName } from '../../../src-shared/hosts.ts';
import type { Log } from '../platform.ts';
import { ensurePrivateFolder, readTextIfExists, writePrivateFile } from '../storage/files.ts';

const Import = z.object({
  /** Unix milliseconds. */
  at: z.number(),
  profiles: z.array(z.object({ id: z.string(), createdAt: z.number(), shape: z.string() })),
  /** Connectors that were made for them. */
  connectors: z.array(z.string()),
  hosts: z.array(
    z.object({
      host: HostName,
      /** The entries that went. */
      names: z.array(z.string()),
      files: z.array(z.object({ file: z.string(), backup: z.string() })),
    }),
  ),
});
/** One import: what there is to undo. */
export type Import = z.infer<typeof Import>;

const Mark = z.object({ salt: z.string(), hash: z.string() });

const Record = z.object({
  version: z.literal(1),
  /** The last one at the end. */
  imports: z.array(Import),
  /** By profile: tells whether a secret that is read again is the one it was made with, and nothing else of it. */
  marks: z.record(z.string(), Mark),
});
export type Record = z.infer<typeof Record>;

/** More than that are not kept: who undoes, undoes soon. */
const maxImports = 20;
const maxMarks = 1_000;

/** What was imported, in `<home>/hosts/import.json`. Holds no secret. */
export interface ImportRecords {
  read(): Record;
  write(record: Record): void;
}

export function createImportRecords({
  folder,
  log,
}: {
  readonly folder: string;
  readonly log: Log;
}): ImportRecords {
  const file = join(folder, 'import.json');
  return {
    read() {
      const text = readTextIfExists(file);
      if (text === null) return { version: 1, imports: [], marks: {} };
      const record = Record.safeParse(parse(text));
      if (record.success) return record.data;
      log.warn('what was remembered of imports is damaged; none can be undone', { file });
      return { version: 1, imports: [], marks: {} };
    },
    write({ imports, marks, ...record }) {
      ensurePrivateFolder(folder);
      const kept = {
        ...record,
        imports: imports.slice(-maxImports),
        marks: Object.fromEntries(Object.entries(marks).slice(-maxMarks)),
      };
      writePrivateFile(file, `${JSON.stringify(kept, null, 2)}\n`);
    },
  };
}

type Secrets = Readonly<globalThis.Record<string, string>>;

/** Slow on purpose: a password is short, and this file is not the vault. */
export function markOf(secrets: Secrets, salt = randomBytes(16).toString('base64')): z.infer<typeof Mark> {
  const rows = Object.entries(secrets).sort(([a], [b]) => (a < b ? -1 : 1));
  return { salt, hash: scryptSync(JSON.stringify(rows), salt, 32).toString('base64') };
}

export function isMarked(mark: z.infer<typeof Mark> | undefined, secrets: Secrets): boolean {
  if (!mark) return false;
  const [one, other] = [mark.hash, markOf(secrets, mark.salt).hash].map((hash) =>
    Buffer.from(hash, 'base64'),
  );
  return (
    one !== undefined && other !== undefined && one.length === other.length && timingSafeEqual(one, other)
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Damaged: the schema then says so.
    return null;
  }
}
