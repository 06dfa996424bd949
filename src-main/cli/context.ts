import { existsSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { join, resolve } from 'node:path';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Paths } from '../gateway/storage/paths.ts';
import { createPaths } from '../gateway/storage/paths.ts';
import { processSurroundings } from './surroundings.ts';

/** Where a command reads: a stream of this process, or one that is carried from another. */
export interface Input extends Readable {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

/** Where a command writes. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What is around a command: its own process, or that of a shim which handed it over. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly resources: string;
  /** The terminal itself, whose keys are a person's; throws PERSON_REQUIRED where there is none. */
  openTerminal(): Promise<{ readonly stdin: Input; readonly stderr: Output; close(): void }>;
  /** Path of that terminal; throws TERMINAL_UNUSABLE where there is none. */
  terminalPath(): string;
  /** Ctrl-C was typed where we read the keys ourselves. */
  interrupt(): void;
  /** Ends when whoever handed the command over is gone; null in a process of its own. */
  readonly gone: AbortSignal | null;
}

/** What a command gets besides its own flags. */
export interface Context extends Surroundings {
  readonly paths: Paths;
  /** The checkout or the unpacked package. */
  readonly root: string;
  readonly version: string;
  /** Answers for scripts: JSON on stdout, errors as JSON on stderr. */
  readonly json: boolean;
  /** Whether a person or a pipe may be asked; false with --no-input. */
  readonly input: boolean;
  /** Runs another command line, for a gateway that shims hand theirs to. */
  runLine(argv: readonly string[], surroundings: Surroundings): Promise<number>;
  /** A config.toml other than that of the state folder. */
  readonly config: NamedConfig | null;
}

/** A file somebody named, absolute: a gateway we start has another working directory. */
export interface NamedConfig {
  readonly path: string;
  readonly namedBy: '--config' | 'NUCLEUS_CONFIG';
}

/** The flags every command has. */
export type GlobalOptions = {
  readonly config?: string;
  readonly json?: boolean;
  readonly input?: boolean;
};

const root = join(import.meta.dirname, '..', '..');

/** The context of a command with these flags. */
export function createContext(
  options: GlobalOptions,
  runLine: Context['runLine'],
  surroundings: Surroundings = processSurroundings(join(root, 'resources')),
): Context {
  const { env, cwd } = surroundings;
  return {
    ...surroundings,
    runLine,
    paths: createPaths(env),
    root,
    version: readVersion(),
    json: options.json === true,
    input: options.input !== false,
    config: findConfig(cwd, options.config, env['NUCLEUS_CONFIG']),
  };
}

/** A flag was given for this command and has to be right at once; a variable counts for what reads it. */
function findConfig(cwd: string, flag: string | undefined, variable: string | undefined): NamedConfig | null {
  if (flag === undefined)
    return variable ? { path: resolve(cwd, variable), namedBy: 'NUCLEUS_CONFIG' } : null;
  const path = resolve(cwd, flag);
  if (existsSync(path)) return { path, namedBy: '--config' };
  throw new NucleusError('CONFIG_INVALID', `--config names ${path}, which does not exist`);
}

/** The version in package.json. */
export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
