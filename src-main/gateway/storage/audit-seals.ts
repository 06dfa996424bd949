import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { onRegistry } from './sqlite-errors.ts';
import type { Vault } from './vault.ts';
import { auditPlace } from './vault-records.ts';

const AuditSeal = z.object({
  /** The last line when it was sealed. */
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The oldest line that was kept then. */
  from: z.int().min(1),
  /** How many seals there were, this one included. */
  count: z.int().min(1),
  /** Unix milliseconds. */
  at: z.number(),
});
/** What the vault says of the audit log. */
export type AuditSeal = z.infer<typeof AuditSeal>;

export type SealReading =
  /** Nothing was ever sealed here. */
  | { readonly state: 'none' }
  /** `counter`: how many seals the keychain knows of; null where none counts. */
  | { readonly state: 'sealed'; readonly seal: AuditSeal; readonly counter: number | null }
  /** The vault does not open, so nobody can tell. */
  | { readonly state: 'locked'; readonly reason: string }
  /** There was a seal, and it is gone or does not open. */
  | { readonly state: 'lost'; readonly reason: string };

/** The seal of the audit log: one record of the vault, and a count in the keychain. */
export interface AuditSeals {
  /** false while there is no vault; none is made for this alone. */
  canSeal(): boolean;
  read(): Promise<SealReading>;
  /** Seals a newer head, and counts it. */
  write(seal: Omit<AuditSeal, 'count'>): Promise<void>;
}

export function createAuditSeals({
  vault,
  db,
}: {
  readonly db: Database;
  readonly vault: Pick<Vault, 'hasKey' | 'current' | 'keep' | 'read' | 'readCount' | 'writeCount'>;
}): AuditSeals {
  async function read(): Promise<SealReading> {
    if (!vault.hasKey()) return { state: 'none' };
    let text: string | null;
    let counter: number | null;
    try {
      text = await vault.read(auditPlace);
      counter = await vault.readCount();
    } catch (thrown) {
      const { code, message } = toNucleusError(thrown);
      if (code === 'SECRET_MISSING')
        return lost('the record of the seal does not open with the key of the vault');
      return { state: 'locked', reason: message };
    }
    if (text === null) return counter === null ? { state: 'none' } : lost('the record of the seal is gone');
    try {
      return { state: 'sealed', seal: AuditSeal.parse(JSON.parse(text)), counter };
    } catch {
      return lost('the record of the seal is damaged');
    }
  }

  return {
    canSeal: () => vault.hasKey(),
    read,
    async write(seal) {
      const known = await read();
      const counted = known.state === 'sealed' ? Math.max(known.seal.count, known.counter ?? 0) : 0;
      const count = Math.max(counted, (await vault.readCount()) ?? 0) + 1;
      const store = await vault.keep(auditPlace, JSON.stringify({ ...seal, count }));
      // A count that outlives a power cut must not be ahead of its record.
      db.pragma('synchronous = FULL');
      try {
        onRegistry(store);
      } finally {
        db.pragma('synchronous = NORMAL');
      }
      // Last: a crash in between leaves a record ahead of the keychain, which only we can have written.
      await vault.writeCount(count);
    },
  };
}

function lost(reason: string): SealReading {
  return { state: 'lost', reason };
}
