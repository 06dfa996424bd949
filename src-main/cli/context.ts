import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Paths } from '../gateway/storage/paths.ts';
import { createPaths } from '../gateway/storage/paths.ts';

/** What a command gets besides its own flags. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly paths: Paths;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** The checkout or the unpacked package. */
  readonly root: string;
  readonly resources: string;
  readonly version: string;
  /** Answers for scripts: JSON on stdout, errors as JSON on stderr. */
  readonly json: boolean;
  /** Whether a person or a pipe may be asked; false with --no-input. */
  readonly input: boolean;
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

/** The context of this process. */
export function createContext(options: GlobalOptions): Context {
  return {
    env: process.env,
    cwd: process.cwd(),
    paths: createPaths(process.env),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    root,
    resources: join(root, 'resources'),
    version: readVersion(),
    json: options.json === true,
    input: options.input !== false,
    config: findConfig(options.config, process.env['NUCLEUS_CONFIG']),
  };
}

/** A flag was given for this command and has to be right at once; a variable counts for what reads it. */
function findConfig(flag: string | undefined, variable: string | undefined): NamedConfig | null {
  if (flag === undefined) return variable ? { path: resolve(variable), namedBy: 'NUCLEUS_CONFIG' } : null;
  const path = resolve(flag);
  if (existsSync(path)) return { path, namedBy: '--config' };
  throw new NucleusError('CONFIG_INVALID', `--config names ${path}, which does not exist`);
}

/** The version in package.json. */
export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
