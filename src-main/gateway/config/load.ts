import { parse, TomlError } from 'smol-toml';
import { Config, type ConfigInput } from '../../../src-shared/config.ts';
import { configKeys, configSchema } from '../../../src-shared/config-keys.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { readBytesIfExists } from '../storage/files.ts';
import { readEnvironment } from './environment.ts';
import { fillHoles } from './holes.ts';
import { formatPath, pathId, type KeyPath } from './key-path.ts';
import { nearest } from './nearest.ts';
import { locateKeys, positionOf, type Position } from './positions.ts';
import { configError, explainIssues, type Problem } from './problem.ts';

/** What goes before the file: flags before variables, variables before the file. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As they would be written in the file. */
  readonly flags?: ConfigInput | undefined;
  /** What names the file; one that is named has to be there. */
  readonly namedBy?: string | undefined;
}

/** A longer config.toml is not one. */
const maxBytes = 1024 * 1024;

/**
 * The configuration: config.toml (a missing one is the defaults), what the environment sets over it, and flags over
 * both. What is wrong with any of them is one error that tells every problem with its place.
 */
export function loadConfig(path: string, sources: ConfigSources): Config {
  return parseConfig(readText(path), path, sources);
}

/** The same for a text that stands in the file, or is about to; null is no file. */
export function parseConfig(
  text: string | null,
  path: string,
  { env, flags = {}, namedBy }: ConfigSources,
): Config {
  const file = text === null ? null : readConfigFile(text, path, env);
  if (file === null && namedBy !== undefined)
    throw new NucleusError('CONFIG_INVALID', `${namedBy} names ${path}, which does not exist`);
  const { input, problems: refused, variables } = readEnvironment(env);
  const problems = [
    ...(file?.problems ?? []),
    ...refused,
    ...check(input, 'correct the variable, or take it away', (key) => variables.get(formatPath(key)) ?? ''),
    ...check(flags, 'correct the flag', () => 'command line'),
  ];
  if (problems.length > 0) throw configError(problems, file?.hint ?? null);
  return Config.parse(merge([file?.input ?? {}, input, flags]));
}

/** Where a setting comes from. */
export interface Origin {
  /** Its line in the file, null when it does not stand there. */
  readonly line: number | null;
  /** What goes before the file, so that changing it there does nothing: a flag, or variables by their names. */
  readonly ruledBy: string | null;
}

/** Where the keys of one section come from. The text must be one that `parseConfig` accepts, or null for no file. */
export function originsIn(
  text: string | null,
  section: keyof ConfigInput,
  { env, flags }: ConfigSources,
): (key: string) => Origin {
  const locate = locateKeys(text ?? '');
  const { variables } = readEnvironment(env);
  const { names } = fillHoles(parse(text ?? ''), env);
  return (key) => ({
    line: locate([section, key])?.line ?? null,
    ruledBy: Object.hasOwn(flags?.[section] ?? {}, key)
      ? 'a flag'
      : (variables.get(`${section}.${key}`) ?? names.get(pathId([section, key]))?.join(', ') ?? null),
  });
}

interface ConfigFile {
  readonly input: ConfigInput;
  readonly problems: readonly Problem[];
  readonly hint: string | null;
}

function readConfigFile(text: string, path: string, env: ConfigSources['env']): ConfigFile {
  const filled = fillHoles(parseToml(text, path), env);
  const parsed = Config.safeParse(filled.value);
  if (parsed.success && filled.problems.length === 0) {
    return { input: filled.value as ConfigInput, problems: [], hint: null };
  }
  const unfilled = new Set(filled.problems.map(({ path: key }) => pathId(key)));
  const issues = (parsed.error?.issues ?? []).filter((issue) => !unfilled.has(pathId(issue.path)));
  const explained = explainIssues(issues, {
    input: filled.value,
    schema: configSchema(),
    fixOf(key) {
      const names = filled.names.get(pathId(key));
      return names ? `its value comes from ${names.join(', ')}, correct that` : 'correct the file';
    },
  });
  const locate = locateKeys(text);
  const problems = [...filled.problems, ...explained]
    .map(({ path: key, sentence }) => ({ sentence, position: locate(key) }))
    .sort(byPosition)
    .map(({ sentence, position }) => ({
      where: position === null ? path : `${path}:${position.line}:${position.column}`,
      sentence,
    }));
  return { input: {}, problems, hint: hintOfOriginal(path, filled.value) };
}

/** A config.toml and what goes before it. */
export interface ConfigPlace {
  readonly path: string;
  readonly sources: ConfigSources;
}

/** The text of the file, null when there is none. Strict: a byte that is no UTF-8 must not become another character. */
export function readText(path: string): string | null {
  const bytes = readBytesIfExists(path, maxBytes);
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // What is left of the text up to the first byte that had to be replaced.
    const text = new TextDecoder('utf-8').decode(bytes);
    const { line, column } = positionOf(text, Math.max(0, text.indexOf('\ufffd')));
    throw new NucleusError(
      'CONFIG_INVALID',
      `${path}:${line}:${column}: the file is not UTF-8 text; save it as UTF-8`,
    );
  }
}

function parseToml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new NucleusError(
      'CONFIG_INVALID',
      `${path}:${error.line}:${error.column}: this is not TOML: ${reason}; correct the file`,
    );
  }
}

type Placed = { readonly position: Position | null };

/** In the order of the file; what has no place comes last. */
function byPosition({ position: a }: Placed, { position: b }: Placed): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a.line - b.line || a.column - b.column;
}

/** The original accepted any TOML here and looked at none of it. A file without a trace of our keys may be from there. */
function hintOfOriginal(path: string, document: unknown): string | null {
  const ours = configKeys().flatMap(({ section, name }) => [section, name]);
  if (Object.keys(document as object).some((key) => nearest(key, ours) !== null)) return null;
  return `no key of this file is one of Nucleus. The original Nucleus ignored it; if it is from there, nothing is lost by moving it away: mv ${path} ${path}.original`;
}

function check(input: ConfigInput, fix: string, whereOf: (key: KeyPath) => string): readonly Problem[] {
  const parsed = Config.safeParse(input);
  if (parsed.success) return [];
  const schema = configSchema();
  return explainIssues(parsed.error.issues, { input, schema, fixOf: () => fix }).map(
    ({ path, sentence }) => ({ where: whereOf(path), sentence }),
  );
}

/** Key by key; what comes later goes before. */
function merge(layers: readonly ConfigInput[]): ConfigInput {
  const merged: Record<string, Record<string, unknown>> = {};
  for (const layer of layers)
    for (const [section, keys] of Object.entries(layer))
      merged[section] = { ...merged[section], ...(keys as Record<string, unknown>) };
  return merged;
}
