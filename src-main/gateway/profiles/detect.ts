import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { readBytesIfExists } from '../storage/files.ts';
import type { DetectRule } from './manifest.ts';

/** A larger file is none that a person wrote. */
const maxFileBytes = 1024 * 1024;

/** What a file in a folder says about the account that is meant there. */
export interface Detected {
  readonly connector: string;
  readonly file: string;
  /** The metadata field, and what the file has for it. */
  readonly field: string;
  readonly value: string;
  readonly reason: string | null;
}

/** A file that should tell and cannot. */
export interface DetectFailure {
  readonly connector: string;
  readonly file: string;
  /** One sentence without any value. */
  readonly message: string;
}

/** Looks for the files of a connector's rules in folders, the nearest first; each rule is decided by the first there is. */
export function detect(
  connector: string,
  rules: readonly DetectRule[],
  folders: readonly string[],
): { readonly found: readonly Detected[]; readonly failures: readonly DetectFailure[] } {
  const found: Detected[] = [];
  const failures: DetectFailure[] = [];
  for (const rule of rules) {
    const file = folders
      .flatMap((folder) => rule.files.map((path) => join(folder, path)))
      .find((path) => existsSync(path));
    if (file === undefined) continue;
    try {
      const value = valueIn(readDocument(file, rule.format), rule.at);
      if (typeof value === 'string' || typeof value === 'number')
        found.push({ connector, file, field: rule.field, value: String(value), reason: rule.reason });
      else if (value !== undefined)
        failures.push({ connector, file, message: `${rule.at.join('.')} is no text and no number` });
    } catch (error) {
      failures.push({ connector, file, message: toNucleusError(error).message });
    }
  }
  return { found, failures };
}

function readDocument(file: string, format: DetectRule['format']): unknown {
  const text =
    readBytesIfExists(file, maxFileBytes)
      ?.toString('utf8')
      .replace(/^\ufeff/, '') ?? '';
  try {
    return format === 'toml' ? parse(text, { unsafeKeyBehaviour: 'throw' }) : (JSON.parse(text) as unknown);
  } catch (error) {
    // What the parsers say quotes the text, and that may hold a secret.
    const where = error instanceof TomlError ? ` (line ${error.line})` : '';
    throw new Error(`is not valid ${format.toUpperCase()}${where}`, { cause: error });
  }
}

function valueIn(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
