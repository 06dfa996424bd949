import { parse, TomlError } from 'smol-toml';
import type * as z from 'zod';
import { NucleusError } from '../../../src-shared/errors.ts';
import { checkName, type MetadataField, type TransportName } from '../../../src-shared/model.ts';
import { checkManifest } from './manifest-check.ts';
import { isWebAddress, Schema1, toManifest } from './manifest-schema.ts';

/** How a stdio connector starts its server. */
export interface ManifestStdio {
  readonly runtime: 'builtin' | 'binary';
  /** Folder below resources/servers; only with runtime `builtin`. */
  readonly server: string | null;
  /** Only with runtime `binary`. */
  readonly command: string | null;
  /** Templates. */
  readonly args: readonly string[];
  /** Templates by variable name. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables of the gateway's environment that the server may see. */
  readonly pass: readonly string[];
  /** Template. */
  readonly cwd: string | null;
}

/** How a file in a folder tells which account is meant there. */
export interface DetectRule {
  /** Relative to the folder, or one above it. */
  readonly files: readonly string[];
  readonly format: 'toml' | 'json';
  /** The keys that lead to the value. */
  readonly at: readonly string[];
  /** The metadata field whose value it is. */
  readonly field: string;
  readonly reason: string | null;
}

/** A kind of service and how to reach it: one TOML file. Holds no secret and no code. */
export interface Manifest {
  readonly file: string;
  readonly kind: 'builtin' | 'custom';
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly docs: string | null;
  /** `http`: Streamable HTTP, or SSE where the server does not speak that; the other two: only that. */
  readonly transport: TransportName;
  readonly url: string | null;
  /** Where messages are posted to, which without it the server says; only with SSE. Same origin as url. */
  readonly messageUrl: string | null;
  readonly auth: 'none' | 'token' | 'oauth';
  readonly checked: {
    readonly on: string;
    readonly method: string;
    readonly by: string | null;
    readonly sources: readonly string[];
  } | null;
  readonly token: {
    readonly label: string | null;
    readonly create: string | null;
    readonly secrets: readonly string[];
  } | null;
  /** Templates by header name, sent with every request; not with transport `stdio`. */
  readonly headers: Readonly<Record<string, string>>;
  /** null: reached by url, or every profile brings its own command. */
  readonly stdio: ManifestStdio | null;
  readonly metadata: readonly MetadataField[];
  readonly autodetect: readonly DetectRule[];
  readonly readOnly: {
    readonly default: boolean;
    readonly covers: string | null;
    readonly note: string | null;
  } | null;
  readonly note: string | null;
}

/** Where a manifest's text comes from. */
export interface ManifestSource {
  readonly file: string;
  /** The file's name without `.toml`. */
  readonly name: string;
  readonly kind: 'builtin' | 'custom';
}

/** Reads a manifest of schema 1, or the original's four keys; throws CONNECTOR_INVALID saying where and what to do. */
export function parseManifest(text: string, source: ManifestSource): Manifest {
  const table = parseToml(text, source);
  checkFileName(source);
  if (!Object.hasOwn(table, 'schema') && source.kind === 'custom') return parseOriginal(table, source);
  if (table['schema'] !== 1)
    throw invalid(
      source,
      'schema',
      `schema must be 1, the only one this version knows, and is ${JSON.stringify(table['schema']) ?? 'missing'}`,
      'set schema = 1, or update Nucleus if the file was written for a newer version',
    );
  const parsed = Schema1.safeParse(table);
  if (!parsed.success) throw fromIssue(parsed.error.issues[0], source);
  return checkManifest(toManifest(parsed.data, source), source.name, (key, message, fix) => {
    throw invalid(source, key, `${key}: ${message}`, fix);
  });
}

function parseToml(text: string, source: ManifestSource): Record<string, unknown> {
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [sentence] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new NucleusError(
      'CONNECTOR_INVALID',
      `line ${error.line}, column ${error.column}: ${sentence}`,
      {
        file: source.file,
        connector: source.name,
        line: error.line,
        column: error.column,
        fix: `correct line ${error.line} of ${source.file}`,
      },
      { cause: error },
    );
  }
}

function checkFileName(source: ManifestSource): void {
  try {
    checkName('connector', source.name);
  } catch (error) {
    throw invalid(source, 'name', (error as Error).message, 'rename the file');
  }
  if (source.name === 'nucleus')
    throw invalid(
      source,
      'name',
      'the name "nucleus" is taken by Nucleus itself',
      'rename the file and its name key',
    );
}

/** The original's form: description, transport, url and auth, nothing but http with OAuth. Other keys were ignored there. */
function parseOriginal(table: Readonly<Record<string, unknown>>, source: ManifestSource): Manifest {
  const read = (key: string): string => {
    const value = table[key] ?? '';
    if (typeof value === 'string') return value;
    throw invalid(source, key, `${key} must be a text in quotes`, `put the value of ${key} in quotes`);
  };
  const transport = read('transport') || 'http';
  if (transport !== 'http')
    throw invalid(
      source,
      'transport',
      `transport "${transport}" is not supported for custom connectors (only http)`,
      'set transport = "http", or write the file in the newer form, which begins with schema = 1',
    );
  const url = read('url');
  if (url === '')
    throw invalid(source, 'url', 'url is required', 'add url = "https://…", the address of the MCP server');
  if (!isWebAddress(url))
    throw invalid(
      source,
      'url',
      `url "${url}" is not an http or https address`,
      'write the whole address, such as https://example.com/mcp',
    );
  const auth = read('auth') || 'oauth';
  if (auth !== 'oauth')
    throw invalid(
      source,
      'auth',
      `auth "${auth}" is not supported for custom connectors (only oauth)`,
      'set auth = "oauth", or write the file in the newer form, which begins with schema = 1',
    );
  return {
    ...source,
    title: source.name,
    description: read('description') || `Custom HTTP MCP — ${url}`,
    docs: null,
    transport,
    url,
    messageUrl: null,
    auth,
    checked: null,
    token: null,
    headers: {},
    stdio: null,
    metadata: [],
    autodetect: [],
    readOnly: null,
    note: null,
  };
}

function fromIssue(issue: z.core.$ZodIssue | undefined, source: ManifestSource): NucleusError {
  if (!issue)
    return invalid(source, '', 'is not a manifest', 'compare it with one of the built-in connectors');
  const path = issue.path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${String(part)}`))
    .join('');
  if (issue.code === 'unrecognized_keys') {
    const key = `${path ? `${path}.` : ''}${issue.keys[0]}`;
    return invalid(source, key, `${key}: unknown key`, `remove ${key} or correct its spelling`);
  }
  const message = issue.message.replace(/^Invalid input: /, '');
  return invalid(source, path, `${path}: ${message}`, `correct ${path}`);
}

function invalid(source: ManifestSource, key: string, message: string, fix: string): NucleusError {
  return new NucleusError('CONNECTOR_INVALID', message, {
    file: source.file,
    connector: source.name,
    key,
    fix: `${fix} (${source.file})`,
  });
}
