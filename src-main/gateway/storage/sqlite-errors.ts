import { NucleusError } from '../../../src-shared/errors.ts';

/** SQLite's own code of a thrown error, such as `SQLITE_BUSY`, or null. */
export function sqliteCode(thrown: unknown): string | null {
  const code = thrown instanceof Error ? (thrown as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : null;
}

/** What a failing registry means for people; an error that says nothing about the file comes back as it was. */
export function asRegistryError(thrown: unknown, file = 'registry.db'): unknown {
  const code = sqliteCode(thrown);
  if (code === null) return thrown;
  const data = { file, sqlite: code };
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new NucleusError('REGISTRY_DAMAGED', damaged(file, code), data, { cause: thrown });
  }
  const why = unwritable.find(([pattern]) => pattern.test(code))?.[1];
  if (why === undefined) return thrown;
  return new NucleusError('REGISTRY_UNWRITABLE', `${file} cannot be written: ${why} (${code})`, data, {
    cause: thrown,
  });
}

/** Runs database work so that a failing file is reported by name. */
export function onRegistry<T>(work: () => T, file?: string): T {
  try {
    return work();
  } catch (error) {
    throw asRegistryError(error, file);
  }
}

/** The sentence for a registry whose content cannot be trusted. */
export function damaged(file: string, what: string): string {
  return `${file} is damaged (${what}); put a backup in its place (registry.db.v*.bak beside it, if there is one), or move ${file} and registry.id away to start anew`;
}

const unwritable: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_FULL/, 'the disk is full, make room'],
  [/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/, 'it or its folder is read-only, check owner and mode'],
  [/^SQLITE_(BUSY|LOCKED)/, 'another program keeps it locked, close that'],
  [/^SQLITE_(IOERR|NOLFS|PROTOCOL)/, 'reading or writing the disk failed, check the disk'],
];
