import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import { NucleusError } from '../../../src-shared/errors.ts';
import { Launch, Metadata, Stderr, type Profile } from '../../../src-shared/model.ts';
import { EnvClass } from '../../../src-shared/policy.ts';
import { onRegistry, sqliteCode } from './sqlite-errors.ts';

/** The profiles of the registry. */
export type ProfileStore = ReturnType<typeof createProfileStore>;

const Roots = z.array(z.string());

interface Row {
  readonly id: string;
  readonly connector: string;
  readonly name: string;
  readonly metadata: string | null;
  readonly created_at: number | null;
  readonly is_default: number | null;
  readonly launch: string | null;
  readonly read_only: number | null;
  readonly stderr: string | null;
  readonly roots: string | null;
  readonly variant: string | null;
  readonly auth: string | null;
  readonly env: string | null;
  readonly account: string | null;
}

const withAccount = 'SELECT profiles.*, sign_ins.account FROM profiles LEFT JOIN sign_ins ON profile_id = id';

/** Reads and writes profiles; what it does is done when the call returns. */
export function createProfileStore(db: Database) {
  const all = db.prepare<[], Row>(`${withAccount} ORDER BY connector, name`);
  const one = db.prepare<[string], Row>(`${withAccount} WHERE id = ?`);
  const insert = db.prepare<[Omit<Row, 'account'>]>(
    `INSERT INTO profiles (id, connector, name, metadata, created_at, is_default, launch, read_only, stderr, roots, variant, auth, env)
     VALUES (@id, @connector, @name, @metadata, @created_at, @is_default, @launch, @read_only, @stderr, @roots, @variant, @auth, @env)`,
  );
  const update = db.prepare<[Omit<Row, 'account'>]>(
    `UPDATE profiles SET connector = @connector, name = @name, metadata = @metadata, created_at = @created_at,
     is_default = @is_default, launch = @launch, read_only = @read_only, stderr = @stderr, roots = @roots, variant = @variant, auth = @auth, env = @env WHERE id = @id`,
  );
  const remove = db.prepare<[string]>('DELETE FROM profiles WHERE id = ?');
  const unmark = db.prepare<[string]>(
    'UPDATE profiles SET is_default = 0 WHERE connector = ? AND is_default <> 0',
  );
  const place = db.prepare<[string], string | null>('SELECT place FROM profiles WHERE id = ?').pluck();
  const putPlace = db.prepare<[string | null, string]>('UPDATE profiles SET place = ? WHERE id = ?');
  const putEnv = db.prepare<[string | null, string]>('UPDATE profiles SET env = ? WHERE id = ?');
  const mark = db.prepare<[string]>('UPDATE profiles SET is_default = 1 WHERE id = ?');

  const get = (id: string): Profile | null => {
    const row = onRegistry(() => one.get(id));
    return row === undefined ? null : toProfile(row);
  };

  return {
    /** Sorted by connector, then name. */
    list: (): Profile[] => onRegistry(() => all.all()).map(toProfile),
    get,
    insert(profile: Profile): void {
      try {
        onRegistry(() => insert.run(toRow(profile)));
      } catch (error) {
        if (!/^SQLITE_CONSTRAINT_(PRIMARYKEY|UNIQUE)$/.test(sqliteCode(error) ?? '')) throw error;
        throw new NucleusError(
          'PROFILE_EXISTS',
          `profile ${profile.id} exists already; remove it or pick another name`,
          {
            profile: profile.id,
          },
        );
      }
    },
    /** Gives the profile of the same id these facts; its secrets and catalog stay. */
    replace(profile: Profile): void {
      if (onRegistry(() => update.run(toRow(profile))).changes === 0) throw unknown(profile.id);
    },
    remove: (id: string): boolean => onRegistry(() => remove.run(id)).changes > 0,
    /** Where its credentials were given for; null where that is not known. */
    placeOf: (id: string): string | null => onRegistry(() => place.get(id)) ?? null,
    setPlace: (id: string, found: string | null): void => void onRegistry(() => putPlace.run(found, id)),
    setEnv(id: string, env: EnvClass | null): void {
      if (onRegistry(() => putEnv.run(env, id)).changes === 0) throw unknown(id);
    },
    /** Makes it the one default of its connector. */
    setDefault(id: string): void {
      const profile = get(id);
      if (profile === null) throw unknown(id);
      onRegistry(() =>
        db.transaction(() => {
          unmark.run(profile.connector);
          mark.run(id);
        })(),
      );
    },
    /** Whether there was one. */
    clearDefault: (connector: string): boolean => onRegistry(() => unmark.run(connector)).changes > 0,
  };
}

/** The account is not the profile's own fact: a sign-in writes it. */
function toRow(profile: Profile): Omit<Row, 'account'> {
  return {
    id: profile.id,
    connector: profile.connector,
    name: profile.name,
    metadata: JSON.stringify(profile.metadata),
    created_at: profile.createdAt,
    is_default: profile.isDefault ? 1 : 0,
    launch: profile.launch === null ? null : JSON.stringify(profile.launch),
    read_only: profile.readOnly === null ? null : profile.readOnly ? 1 : 0,
    stderr: JSON.stringify(profile.stderr),
    roots: profile.roots ? JSON.stringify(profile.roots) : null,
    variant: profile.variant ?? null,
    auth: profile.auth ?? null,
    env: profile.env ?? null,
  };
}

function toProfile(row: Row): Profile {
  const roots = readJson(row, 'roots', Roots);
  const env = EnvClass.safeParse(row.env);
  return {
    id: row.id,
    connector: row.connector,
    name: row.name,
    metadata: readJson(row, 'metadata', Metadata) ?? {},
    createdAt: row.created_at ?? 0,
    isDefault: (row.is_default ?? 0) !== 0,
    launch: readJson(row, 'launch', Launch),
    readOnly: row.read_only === null ? null : row.read_only !== 0,
    stderr: readJson(row, 'stderr', Stderr) ?? 'null',
    ...(roots && { roots }),
    ...(row.variant !== null && { variant: row.variant }),
    ...(row.auth !== null && { auth: row.auth }),
    // What is no class was written by somebody else; the sealed one judges.
    ...(env.success && { env: env.data }),
    ...(row.account !== null && { account: row.account }),
  };
}

/** null for a column that says nothing; the original wrote the text `null` for empty metadata. */
function readJson<T>(
  row: Row,
  column: 'metadata' | 'launch' | 'stderr' | 'roots',
  schema: z.ZodType<T>,
): T | null {
  try {
    return schema.nullable().parse(JSON.parse(row[column] ?? 'null'));
  } catch (error) {
    throw new NucleusError(
      'REGISTRY_DAMAGED',
      `registry.db: the ${column} of profile ${row.id} cannot be read; remove that profile and add it again`,
      { profile: row.id, column },
      { cause: error },
    );
  }
}

function unknown(id: string): NucleusError {
  return new NucleusError(
    'PROFILE_UNKNOWN',
    `there is no profile ${id}; nucleus list shows those there are`,
    {
      profile: id,
    },
  );
}
