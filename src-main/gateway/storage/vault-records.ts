import type { Database } from 'better-sqlite3';
import { seal, unseal, type Sealed } from './seal.ts';
import { onRegistry } from './sqlite-errors.ts';

/** Whose secret a record is: what it is bound to, so that it opens in no other place. */
export interface SecretPlace {
  /** Empty for what is Nucleus's own. */
  readonly profile_id: string;
  /** Authorization server of a token; empty for what people typed. */
  readonly issuer: string;
  /** Name of the secret. */
  readonly kind: string;
}

/** Where what only a person may loosen is sealed: a record of no profile. */
export const guardPlace: SecretPlace = { profile_id: '', issuer: 'nucleus', kind: 'guard' };

/** Where the head of the audit log is sealed. */
export const auditPlace: SecretPlace = { profile_id: '', issuer: 'nucleus', kind: 'audit' };

/** A row as it stands in the file, which others may have edited: blobs are checked before use. */
export interface SealedSecret extends SecretPlace {
  readonly nonce: unknown;
  readonly sealed: unknown;
}

export type VaultRecords = ReturnType<typeof createVaultRecords>;

/** The rows of sealed secrets; knows nothing of keys. */
export function createVaultRecords(db: Database) {
  const everything = `SELECT profile_id, issuer, kind, nonce, sealed FROM vault_records
    UNION ALL SELECT '', issuer, kind, nonce, sealed FROM vault_own`;
  const count = db.prepare<[], number>(`SELECT count(*) FROM (${everything})`).pluck();
  const all = db.prepare<[], SealedSecret>(everything);
  const one = db.prepare<[string, string, string], SealedSecret>(
    `SELECT * FROM (${everything}) WHERE profile_id = ? AND issuer = ? AND kind = ?`,
  );
  const kinds = db
    .prepare<[string, string], string>(
      'SELECT kind FROM vault_records WHERE profile_id = ? AND issuer = ? ORDER BY kind',
    )
    .pluck();
  const places = db.prepare<[string], SecretPlace>(
    'SELECT profile_id, issuer, kind FROM vault_records WHERE profile_id = ?',
  );
  const write = db.prepare<[SecretPlace & Sealed]>(
    `INSERT INTO vault_records (profile_id, issuer, kind, nonce, sealed)
     VALUES (@profile_id, @issuer, @kind, @nonce, @sealed)
     ON CONFLICT (profile_id, issuer, kind) DO UPDATE SET nonce = excluded.nonce, sealed = excluded.sealed`,
  );
  // What belongs to no profile cannot go with one.
  const writeOwn = db.prepare<[SecretPlace & Sealed]>(
    `INSERT INTO vault_own (issuer, kind, nonce, sealed) VALUES (@issuer, @kind, @nonce, @sealed)
     ON CONFLICT (issuer, kind) DO UPDATE SET nonce = excluded.nonce, sealed = excluded.sealed`,
  );
  const dropOwn = db.prepare<[string, string]>('DELETE FROM vault_own WHERE issuer = ? AND kind = ?');
  const drop = db.prepare<[string, string, string]>(
    'DELETE FROM vault_records WHERE profile_id = ? AND issuer = ? AND kind = ?',
  );
  const remove = db.prepare<[string]>('DELETE FROM vault_records WHERE profile_id = ?');

  return {
    count: (): number => onRegistry(() => count.get()) ?? 0,
    all: (): SealedSecret[] => onRegistry(() => all.all()),
    read: (place: SecretPlace): SealedSecret | null =>
      onRegistry(() => one.get(place.profile_id, place.issuer, place.kind)) ?? null,
    kinds: (profileId: string, issuer: string): string[] => onRegistry(() => kinds.all(profileId, issuer)),
    places: (profileId: string): SecretPlace[] => onRegistry(() => places.all(profileId)),
    write: (place: SecretPlace, content: Sealed): void => {
      const { profile_id, issuer, kind } = place;
      onRegistry(() => (profile_id === '' ? writeOwn : write).run({ profile_id, issuer, kind, ...content }));
    },
    drop: ({ profile_id, issuer, kind }: SecretPlace): void =>
      void onRegistry(() =>
        profile_id === '' ? dropOwn.run(issuer, kind) : drop.run(profile_id, issuer, kind),
      ),
    remove: (profileId: string): void => void onRegistry(() => remove.run(profileId)),
  };
}

/** What opens a profile's record: the key, and the id of the guard's record where it has one. */
export interface Opener {
  readonly key: Buffer;
  readonly guardId: string | null;
}

/** What a record is sealed together with. What is Nucleus's own opens without the guard's id, which is kept there. */
export function binding(place: SecretPlace, guardId: string | null): string {
  const own = [place.profile_id, place.issuer, place.kind];
  return JSON.stringify(place.profile_id === '' || guardId === null ? own : [...own, guardId]);
}

/** The secret, or null when the record was not sealed with this key and guard for this place. */
export function openRecord({ key, guardId }: Opener, record: SealedSecret): Buffer | null {
  const { nonce, sealed } = record;
  if (!Buffer.isBuffer(nonce) || !Buffer.isBuffer(sealed)) return null;
  return unseal(key, { nonce, sealed }, binding(record, guardId));
}

/** Seals every record anew, in the caller's transaction; those that do not open stay as they are, and are the answer. */
export function reseal(rows: VaultRecords, from: Opener, to: Opener): SealedSecret[] {
  return rows.all().filter((record) => {
    const content = openRecord(from, record);
    if (content !== null) rows.write(record, seal(to.key, content, binding(record, to.guardId)));
    return content === null;
  });
}
