import { homedir } from 'node:os';
import { isAbsolute, resolve, sep } from 'node:path';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Launch, Metadata, Stderr } from '../../src-shared/model.ts';
import { checkName, TransportName } from '../../src-shared/model.ts';
import { EnvClass, envClasses } from '../../src-shared/policy.ts';
import { readPairs } from './flags.ts';

/** The flags of `nucleus add` as they were typed. */
export type AddOptions = {
  readonly name?: string;
  readonly url?: string;
  readonly metadata?: readonly string[];
  readonly header?: readonly string[];
  readonly transport?: string;
  readonly forceUrl?: boolean;
  readonly scope?: string;
  readonly command?: string;
  readonly arg?: readonly string[];
  readonly env?: readonly string[];
  readonly secretEnv?: readonly string[];
  readonly cwd?: string;
  readonly stderr?: string;
  readonly root?: readonly string[];
  readonly readWrite?: boolean;
  readonly readOnly?: boolean;
  readonly variant?: string;
  readonly auth?: string;
  readonly tokenStdin?: boolean;
  readonly browser?: boolean;
  readonly connect?: boolean;
  readonly dryRun?: boolean;
  readonly replace?: boolean;
};

/** What the command line says; null is what it leaves open. */
export interface AddRequest {
  readonly connector: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Metadata;
  readonly transport: TransportName | null;
  /** A connector of one's own that is known moves to the URL. */
  readonly forceUrl: boolean;
  readonly launch: Launch | null;
  readonly readOnly: boolean | null;
  /** Another way to the same service. */
  readonly variant: string | null;
  /** Another way to sign in. */
  readonly auth: string | null;
  readonly stderr: Stderr | null;
  readonly roots: readonly string[];
  /** How much depends on it. */
  readonly env: EnvClass | 'none' | null;
  readonly replace: boolean;
  readonly connect: boolean;
  readonly tokenFromStdin: boolean;
}

/** Reads positionals and flags of `add`; every mistake in them is found before anything is touched. */
export function readRequest(words: readonly string[], options: AddOptions, cwd: string): AddRequest {
  const [connector = '', ...rest] = words;
  const { name, url } = readPositionals(rest);
  const request: AddRequest = {
    connector,
    name: options.name ?? name,
    url: options.url ?? url,
    headers: readHeaders(options.header ?? []),
    metadata: readPairs('--metadata', options.metadata ?? []),
    transport: options.transport === undefined ? null : readTransport(options.transport),
    forceUrl: options.forceUrl === true,
    launch: readLaunch(options, cwd),
    readOnly: options.readOnly === true ? true : options.readWrite === true ? false : null,
    variant: options.variant ?? null,
    auth: options.auth === 'pat' ? 'token' : (options.auth ?? null),
    stderr: options.stderr === undefined ? null : readStderr(options.stderr, cwd),
    env: readEnv(options.env ?? []),
    roots: (options.root ?? []).map((folder) => resolve(cwd, folder)),
    replace: options.replace === true,
    connect: options.connect !== false,
    tokenFromStdin: options.tokenStdin === true,
  };
  checkName('connector', request.connector);
  if (request.name !== null) checkName('profile', request.name);
  if (request.url !== null && !isWebAddress(request.url)) {
    throw new NucleusError(
      'USAGE',
      'the URL is not a whole http(s) address, such as https://example.com/mcp',
    );
  }
  if (request.url === null && options.header !== undefined) {
    throw new NucleusError('USAGE', '--header needs a URL');
  }
  if (request.url === null && request.forceUrl) {
    throw new NucleusError('USAGE', '--force-url needs a URL');
  }
  if (request.url !== null && request.transport === 'stdio') {
    throw new NucleusError('USAGE', 'a URL is not reached over stdio; give --transport http or sse');
  }
  if (request.launch !== null && request.url !== null) {
    throw new NucleusError('USAGE', 'give a URL or --command, not both');
  }
  return request;
}

function readTransport(word: string): TransportName {
  const transport = TransportName.safeParse(word);
  if (transport.success) return transport.data;
  throw new NucleusError('USAGE', `unknown --transport "${word}" (want ${TransportName.options.join(', ')})`);
}

/** A word without `=` is the class of the profile, one with it a variable of its program. */
function readEnv(words: readonly string[]): AddRequest['env'] {
  const [word, ...others] = words.filter((one) => !one.includes('='));
  if (word === undefined) return null;
  if (others.length > 0) throw new NucleusError('USAGE', 'the class is given more than once with --env');
  if (word === 'none') return 'none';
  const read = EnvClass.safeParse(word);
  if (read.success) return read.data;
  // Not the text itself: it may be a secret in the wrong place.
  throw new NucleusError('USAGE', `--env wants a class (${envClasses.join(', ')}, none), or KEY=VALUE`);
}

/** A word with `://` in it is the URL, another one the name. */
function readPositionals(words: readonly string[]): { name: string | null; url: string | null } {
  const urls = words.filter((word) => word.includes('://'));
  const names = words.filter((word) => !word.includes('://'));
  if (urls.length > 1) throw new NucleusError('USAGE', 'URL given more than once');
  if (names.length > 1) throw new NucleusError('USAGE', 'profile name given more than once');
  return { name: names[0] ?? null, url: urls[0] ?? null };
}

function readLaunch(options: AddOptions, cwd: string): Launch | null {
  const { command, arg = [], secretEnv = [] } = options;
  const env = (options.env ?? []).filter((word) => word.includes('='));
  if (command === undefined) {
    const orphans = { '--arg': arg, '--env': env, '--secret-env': secretEnv, '--cwd': options.cwd ?? [] };
    const orphan = Object.entries(orphans).find(([, given]) => given.length > 0)?.[0];
    if (orphan !== undefined) throw new NucleusError('USAGE', `${orphan} needs --command`);
    return null;
  }
  if (command === '') throw new NucleusError('USAGE', '--command is empty');
  if (secretEnv.some((name) => name.includes('='))) {
    throw new NucleusError('USAGE', '--secret-env wants the name of a variable only; its value is asked for');
  }
  return {
    command: isPath(command) ? resolve(cwd, expandHome(command)) : command,
    args: [...arg],
    env: readPairs('--env', env),
    secretEnv: [...new Set(secretEnv)],
    cwd: options.cwd === undefined ? null : resolve(cwd, expandHome(options.cwd)),
  };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** `Name: value`, as curl takes them; `{{secret}}` in the value stands for what is asked for. */
function readHeaders(headers: readonly string[]): Record<string, string> {
  const entries = headers.map((header) => {
    const [, name, value] = /^([^:\s]+):\s*(.+)$/.exec(header) ?? [];
    // Not the text itself: it may be a secret in the wrong place.
    if (name === undefined || value === undefined) {
      throw new NucleusError(
        'USAGE',
        "--header wants 'Name: value', with {{secret}} in the place of a secret",
      );
    }
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

function readStderr(word: string, cwd: string): Stderr {
  if (word === '') throw new NucleusError('USAGE', '--stderr wants null, inherit or a file');
  return word === 'null' || word === 'inherit' ? word : { file: resolve(cwd, expandHome(word)) };
}

/** A command with a separator is a file and must not depend on where the gateway runs; another one is looked up on PATH. */
function isPath(command: string): boolean {
  return isAbsolute(command) || command.includes('/') || command.includes(sep);
}

/** Shells expand `~` at the start of a word only, not behind `file=` and not in an answer to a question. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
}
