import { parseEnv } from 'node:util';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { Stderr } from '../../../src-shared/model.ts';
import { createHoleFiller, unsetVariable, type HoleFiller } from './entry-holes.ts';

/** A server that is started. */
export interface StdioEntry {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly stderr: Stderr;
}

/** A server behind a URL. */
export interface HttpEntry {
  readonly kind: 'http';
  readonly transport: 'http' | 'streamable-http' | 'sse';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One server of a client's file, in one shape whoever wrote it. Holds secrets: never logged, never shown. */
export type Entry = StdioEntry | HttpEntry;

/** What an entry says; `notes` name what of it has no counterpart, `left` why it cannot be brought in. */
export type EntryReading =
  | { readonly entry: Entry; readonly notes: readonly string[]; readonly left?: never }
  | { readonly left: string; readonly entry?: never };

export interface EntryPlace {
  /** Whose file it is: each fills in variables its own way. */
  readonly host: HostName | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home folder of the person. */
  readonly user: string;
  /** Text of a file, null when there is none that can be read. */
  readText(path: string): string | null;
}

/** Reads what any client writes for a server. */
export function readEntry(raw: unknown, place: EntryPlace): EntryReading {
  if (!isTable(raw)) return { left: 'what stands there is no server' };
  const table = isTable(raw['command']) ? { ...raw, ...flattened(raw['command']) } : raw;
  if (table['disabled'] === true || table['enabled'] === false)
    return { left: 'it is switched off there; switch it on, then import it' };
  if (table['source'] === 'extension')
    return { left: 'it is part of an extension, which brings its own command' };
  const holes = createHoleFiller(place, new Set(Object.keys(texts(table['env']) ?? {})));
  const url = firstText(table, ['httpUrl', 'serverUrl', 'url']);
  const command = table['command'] ?? table['cmd'];
  if (url !== null && command !== undefined) return { left: 'it has a command and an address; keep one' };
  const reading =
    url !== null
      ? readHttp(table, holes.fill(url), holes, place)
      : command !== undefined
        ? readStdio(table, command, holes, place)
        : { left: 'it has neither a command nor an address' };
  if (reading.left === undefined && holes.problem() !== null) return { left: holes.problem() ?? '' };
  return reading;
}

function readStdio(table: Table, command: unknown, holes: HoleFiller, place: EntryPlace): EntryReading {
  const words = Array.isArray(command) ? command : [command];
  const args: unknown = table['args'] ?? [];
  if (!Array.isArray(args)) return { left: 'its args are no list' };
  const [program, ...rest] = [...words, ...args].map((word) => asText(word));
  if (!program || rest.includes(null)) return { left: 'its command is not made of texts' };
  const fromFile = readEnvFile(table['envFile'], holes, place);
  if (typeof fromFile === 'string') return { left: fromFile };
  const named = texts(table['env'] ?? table['environment']);
  if (named === null) return { left: 'its variables are not made of texts' };
  const passed = passedVariables(table['env_vars'], place);
  return {
    entry: {
      kind: 'stdio',
      ...unwrapped(
        holes.fill(program),
        rest.map((word) => holes.fill(word ?? '')),
        {
          ...passed,
          ...fromFile,
          ...holes.fillAll(named),
        },
      ),
      cwd: typeof table['cwd'] === 'string' ? holes.fill(table['cwd']) : null,
      stderr: stderrOf(table['stderr']),
    },
    notes: notesOf(table, [
      ...common,
      'command',
      'cmd',
      'args',
      'env',
      'environment',
      'envFile',
      'env_vars',
      'cwd',
      'stderr',
    ]),
  };
}

function readHttp(table: Table, url: string, holes: HoleFiller, place: EntryPlace): EntryReading {
  if (holes.problem() === null && !isWebAddress(url))
    return { left: 'its address is not an http or https address' };
  if (objectIn(table['auth'], 'type') === 'forward')
    return { left: 'it passes on the token of whoever calls, and Nucleus gives each account its own' };
  if (url.includes('{{')) return { left: 'its address holds {{, which stands for a hole in a connector' };
  if (table['headersHelper'] !== undefined)
    return { left: 'a program of its own makes its headers, and Nucleus runs none for that' };
  const headers = texts(
    table['headers'] ?? table['http_headers'] ?? objectIn(table['requestInit'], 'headers'),
  );
  if (headers === null) return { left: 'its headers are not made of texts' };
  const filled = holes.fillAll(headers);
  const variables = {
    ...(typeof table['bearer_token_env_var'] === 'string' && {
      Authorization: table['bearer_token_env_var'],
    }),
    ...texts(table['env_http_headers']),
  };
  for (const [header, variable] of Object.entries(variables)) {
    const value = place.env[variable];
    if (!value) return { left: unsetVariable(variable) };
    filled[header] =
      header === 'Authorization' && table['bearer_token_env_var'] === variable ? `Bearer ${value}` : value;
  }
  return {
    entry: { kind: 'http', transport: transportOf(table, place.host), url, headers: filled },
    notes: notesOf(table, [...common, ...webKeys]),
  };
}

type Table = Readonly<Record<string, unknown>>;

/** Keys that say nothing about how a server is reached. */
const common = [
  'type',
  'disabled',
  'enabled',
  'source',
  'name',
  'description',
  'gallery',
  'version',
  '$schema',
];

const webKeys = [
  'url',
  'serverUrl',
  'httpUrl',
  'transport',
  'transportType',
  'headers',
  'http_headers',
  'env_http_headers',
  'bearer_token_env_var',
  'requestInit',
];

function notesOf(table: Table, known: readonly string[]): string[] {
  const others = Object.keys(table).filter((key) => !known.includes(key));
  return others.length === 0 ? [] : [`not brought along: ${others.slice(0, 20).join(', ')}`];
}

/** Zed's older way: the command is a table of its own. */
function flattened({ path, ...rest }: Table): Table {
  return { ...rest, command: path };
}

function transportOf(table: Table, host: HostName | null): HttpEntry['transport'] {
  const said = firstText(table, ['type', 'transport', 'transportType', 'protocol']) ?? '';
  if (/^sse$/i.test(said)) return 'sse';
  if (/^streamable-?_?http$/i.test(said)) return 'streamable-http';
  // Gemini has a key for each.
  if (host === 'gemini' && said === '') return table['httpUrl'] === undefined ? 'sse' : 'streamable-http';
  return 'http';
}

/** `env NAME=value program` and `cmd /c program` are ways to start a program, not programs. */
function unwrapped(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Pick<StdioEntry, 'command' | 'args' | 'env'> {
  if (!/(^|[\\/])env$/.test(command)) return { command, args, env };
  const end = args.findIndex((arg) => !/^[A-Za-z_]\w*=/.test(arg));
  const program = args[end];
  if (program === undefined || program.startsWith('-')) return { command, args, env };
  const assigned = args
    .slice(0, end)
    .map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]);
  return { command: program, args: args.slice(end + 1), env: { ...env, ...Object.fromEntries(assigned) } };
}

/** The variables of the file, or why they cannot be had. */
function readEnvFile(
  path: unknown,
  holes: HoleFiller,
  place: EntryPlace,
): Readonly<Record<string, string>> | string {
  if (path === undefined) return {};
  if (typeof path !== 'string') return 'its envFile is no text';
  const file = holes.fill(path);
  if (holes.problem() !== null) return {};
  const text = place.readText(file);
  if (text === null) return `its variables are in ${file}, which cannot be read`;
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
}

/** Codex names variables of its own environment that the server may see. */
function passedVariables(names: unknown, { env }: EntryPlace): Readonly<Record<string, string>> {
  if (!Array.isArray(names)) return {};
  return Object.fromEntries(
    names.flatMap((name) => (typeof name === 'string' && env[name] ? [[name, env[name]] as const] : [])),
  );
}

function stderrOf(said: unknown): Stderr {
  if (said === 'inherit') return 'inherit';
  return isTable(said) && typeof said['file'] === 'string' ? { file: said['file'] } : 'null';
}

function firstText(table: Table, keys: readonly string[]): string | null {
  const key = keys.find((one) => typeof table[one] === 'string' && table[one] !== '');
  return key === undefined ? null : (table[key] as string);
}

function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** A table of texts; null when it is something else. */
function texts(value: unknown): Record<string, string> | null {
  if (value === undefined || value === null) return {};
  if (!isTable(value)) return null;
  const rows = Object.entries(value).map(([key, item]) => [key, asText(item)] as const);
  return rows.some(([, item]) => item === null) ? null : (Object.fromEntries(rows) as Record<string, string>);
}

function objectIn(value: unknown, key: string): unknown {
  return isTable(value) ? value[key] : undefined;
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** Whether a parsed value is a table, not a list or a date, nor one that got another prototype by a key `__proto__`. */
export function isTable(value: unknown): value is Table {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
