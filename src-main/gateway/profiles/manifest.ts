import { parse, TomlError } from 'smol-toml';
import { NucleusError } from '../../../src-shared/errors.ts';
import { checkName, type MetadataField, type TransportName } from '../../../src-shared/model.ts';
import { checkManifest } from './manifest-check.ts';
import { invalid, invalidIssue, type ManifestText } from './manifest-error.ts';
import { isOriginal, readOriginal } from './manifest-original.ts';
import { Schema1, type ManifestData } from './manifest-schema.ts';
import { layOver } from './manifest-variants.ts';
import { noToolRules, type DiscoverRule, type IdentityRule, type ToolRules } from './rule-schema.ts';
import { noSignIn, secretsOfMethod, type AuthMethod, type SignIn } from './sign-in-schema.ts';

/** How a stdio connector starts its server. */
export type ManifestStdio = NonNullable<ManifestData['stdio']>;

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
  /** Templates of parts that follow the url's path, up to the first that comes out empty. */
  readonly path: readonly string[];
  /** Templates by parameter; an empty one is not sent. */
  readonly query: Readonly<Record<string, string>>;
  /** Where messages are posted to, which without it the server says; only with SSE. Same origin as url. */
  readonly messageUrl: string | null;
  /** The method a profile signs in by unless it says another of `methods`. */
  readonly auth: AuthMethod;
  readonly methods: readonly AuthMethod[];
  readonly signIn: SignIn;
  /** Names of the secrets a profile brings for `auth`. */
  readonly secrets: readonly string[];
  readonly checked: ManifestData['checked'];
  /** Templates by header name, sent with every request; not with transport `stdio`. */
  readonly headers: Readonly<Record<string, string>>;
  /** null: reached by url, or every profile brings its own command. */
  readonly stdio: ManifestStdio | null;
  readonly metadata: readonly MetadataField[];
  /** Metadata fields with which the server shows less. */
  readonly narrowing: readonly string[];
  readonly autodetect: readonly DetectRule[];
  readonly identity: readonly IdentityRule[];
  readonly discover: readonly DiscoverRule[];
  readonly readOnly: ManifestData['read_only'];
  readonly tools: ToolRules;
  readonly note: string | null;
  /** Other ways to the same service, by name; they have none of their own. */
  readonly variants: Readonly<Record<string, Manifest>>;
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
  const where = { ...source, text };
  checkFileName(where);
  if (isOriginal(table, source)) return toManifest(readTable(readOriginal(table, where), where), source, {});
  if (table['schema'] !== 1)
    throw invalid(
      where,
      'schema',
      `schema must be 1, the only one this version knows, and is ${JSON.stringify(table['schema']) ?? 'missing'}`,
      'set schema = 1, or update Nucleus if the file was written for a newer version',
    );
  const data = readTable(table, where);
  const variants = Object.entries(data.variants).map(([name, overlay]) => {
    const laid = readTable(layOver(table, overlay), { ...where, variant: name });
    return [name, checked(toManifest(laid, source, {}), { ...where, variant: name })] as const;
  });
  return checked(toManifest(data, source, Object.fromEntries(variants)), where);
}

/** The manifest as one profile uses it: its variant, and its way to sign in. */
export function manifestOf(
  manifest: Manifest,
  { variant, auth }: { readonly variant?: string | undefined; readonly auth?: string | undefined },
): Manifest | null {
  const chosen = variant === undefined ? manifest : ownEntry(manifest.variants, variant);
  if (!chosen || auth === undefined || auth === chosen.auth) return chosen;
  const method = chosen.methods.find((one) => one === auth);
  return method === undefined ? null : signedInBy(chosen, method);
}

/** A manifest that says nothing but its name. */
export function emptyManifest(source: ManifestSource): Manifest {
  const said = { schema: 1, name: source.name, transport: 'http', auth: 'none' };
  return toManifest(Schema1.parse(said), source, {});
}

function signedInBy(manifest: Manifest, auth: AuthMethod): Manifest {
  return { ...manifest, auth, secrets: secretsOfMethod(manifest.signIn, auth) };
}

/** Every way to sign in is checked as the one that is taken. */
function checked(manifest: Manifest, where: ManifestText): Manifest {
  const prefix = where.variant === undefined ? '' : `variants.${where.variant}.`;
  for (const method of manifest.methods)
    checkManifest(signedInBy(manifest, method), where.name, (key, message, fix) => {
      throw invalid(where, `${prefix}${key}`, `${prefix}${key}: ${message}`, fix);
    });
  return manifest;
}

function readTable(table: Readonly<Record<string, unknown>>, where: ManifestText): ManifestData {
  const parsed = Schema1.safeParse(table);
  if (!parsed.success) throw invalidIssue(parsed.error.issues[0], where);
  return parsed.data;
}

/** The manifest as the gateway uses it: every default filled in. */
function toManifest(
  data: ManifestData,
  source: ManifestSource,
  variants: Readonly<Record<string, Manifest>>,
): Manifest {
  const signIn = data.signin ?? noSignIn;
  const offered = (Object.keys(signIn) as (keyof SignIn)[]).filter((method) => signIn[method] !== null);
  return {
    ...source,
    name: data.name,
    title: data.title ?? data.name,
    description: data.description,
    docs: data.docs,
    transport: data.transport,
    url: data.url,
    path: data.path,
    query: data.query,
    messageUrl: data.message_url,
    auth: data.auth,
    methods: [...new Set([data.auth, ...offered])],
    signIn,
    secrets: secretsOfMethod(signIn, data.auth),
    checked: data.checked,
    headers: data.headers,
    stdio: data.stdio,
    metadata: data.metadata.map(({ must_exist: mustExist, narrows: _narrows, ...field }) => ({
      ...field,
      label: field.label ?? field.key,
      mustExist,
    })),
    narrowing: [
      ...new Set([
        ...data.metadata.flatMap(({ key, narrows }) => (narrows ? [key] : [])),
        ...data.discover.map(({ field }) => field),
      ]),
    ],
    autodetect: data.autodetect.map(({ at, ...rule }) => ({ ...rule, at: at.split('.') })),
    identity: data.identity,
    discover: data.discover,
    readOnly: data.read_only,
    tools: data.tools ?? noToolRules,
    note: data.note,
    variants,
  };
}

function ownEntry<T>(entries: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(entries, key) ? (entries[key] ?? null) : null;
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

function checkFileName(source: ManifestText): void {
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
