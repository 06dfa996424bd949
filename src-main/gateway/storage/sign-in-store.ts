import type { Database } from 'better-sqlite3';
import { onRegistry } from './sqlite-errors.ts';

/** Who is signed in for a profile, as far as it is no secret. */
export interface StoredSignIn {
  readonly profile: string;
  /** The authorization server whose tokens the profile has; null for none. */
  readonly issuer: string | null;
  readonly subject: string | null;
  /** The organization the account is used in, where the server says one. */
  readonly tenant: string | null;
  /** A name to show people. */
  readonly account: string | null;
  /** Unix milliseconds. */
  readonly signedInAt: number | null;
  /** The scope that was asked for last, whatever came of it. */
  readonly scopeAsked: string | null;
  /** What the next sign-in is to ask for, because a call needed it. */
  readonly scopeWanted: string | null;
  /** A hash of the refresh token that is being used up; one that is found at a start was cut off. */
  readonly refreshing: string | null;
  /** Why a person has to sign in again; null while nobody has to. */
  readonly problem: string | null;
}

/** The sign-ins of the registry. */
export type SignInStore = ReturnType<typeof createSignInStore>;

const columns = {
  issuer: 'issuer',
  subject: 'subject',
  tenant: 'tenant',
  account: 'account',
  signedInAt: 'signed_in_at',
  scopeAsked: 'scope_asked',
  scopeWanted: 'scope_wanted',
  refreshing: 'refreshing',
  problem: 'problem',
} as const;
const selected = Object.entries(columns).map(([key, column]) => `${column} AS ${key}`);

export function createSignInStore(db: Database) {
  const one = db.prepare<[string], StoredSignIn>(
    `SELECT profile_id AS profile, ${selected.join(', ')} FROM sign_ins WHERE profile_id = ?`,
  );
  const put = db.prepare<[StoredSignIn]>(
    `INSERT OR REPLACE INTO sign_ins (profile_id, ${Object.values(columns).join(', ')})
     VALUES (@profile, ${Object.keys(columns)
       .map((key) => `@${key}`)
       .join(', ')})`,
  );
  const same = db
    .prepare<[StoredSignIn], string>(
      `SELECT profile_id FROM sign_ins JOIN profiles ON id = profile_id
       WHERE subject IS @subject AND tenant IS @tenant AND profile_id <> @profile
       AND (issuer = @issuer OR place = (SELECT place FROM profiles WHERE id = @profile))`,
    )
    .pluck();
  const rename = db.prepare<[string, string]>('UPDATE sign_ins SET profile_id = ? WHERE profile_id = ?');
  const remove = db.prepare<[string]>('DELETE FROM sign_ins WHERE profile_id = ?');

  const get = (profile: string): StoredSignIn => onRegistry(() => one.get(profile)) ?? { profile, ...nobody };

  return {
    get,
    /** Changes what is named; the rest stays. */
    change(profile: string, facts: Partial<Omit<StoredSignIn, 'profile'>>): void {
      onRegistry(() => put.run({ ...get(profile), ...facts }));
    },
    /** Other profiles of the same account: as its issuer knows it, or the server that they all go to. */
    sameAccount: (signIn: StoredSignIn): string[] =>
      signIn.subject === null && signIn.tenant === null ? [] : onRegistry(() => same.all(signIn)),
    rename: (from: string, to: string): void => void onRegistry(() => rename.run(to, from)),
    remove: (profile: string): void => void onRegistry(() => remove.run(profile)),
  };
}

const nobody: Omit<StoredSignIn, 'profile'> = {
  issuer: null,
  subject: null,
  tenant: null,
  account: null,
  signedInAt: null,
  scopeAsked: null,
  scopeWanted: null,
  refreshing: null,
  problem: null,
};
