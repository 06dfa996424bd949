import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Launch, MetadataField, Profile, Stderr } from '../../../src-shared/model.ts';
import type { Manifest, ManifestStdio } from './manifest.ts';
import { expand, holesOf, type TemplateContext } from './template.ts';
import { addressOf, headersOf, headerTemplates, webAddress } from './web-address.ts';

interface Start {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  /** Names of variables of the gateway's environment that the child may see. */
  readonly pass: readonly string[];
  readonly stderr: Stderr;
  /** The values of its secrets, so that they can be kept out of sentences. */
  readonly secrets: readonly string[];
}

/** How one profile's upstream is started, with every template filled in. Holds secrets: never logged, never stored. */
export type ResolvedLaunch =
  | (Start & { readonly kind: 'builtin'; readonly server: string })
  | (Start & { readonly kind: 'command'; readonly command: string })
  | {
      readonly kind: 'http';
      readonly transport: 'http' | 'streamable-http' | 'sse';
      readonly url: URL;
      /** Where messages are posted to; only with the SSE transport. */
      readonly messageUrl: URL | null;
      /** By lower-case name. */
      readonly headers: Readonly<Record<string, string>>;
      readonly secrets: readonly string[];
    };

/** Fills in how to start a profile's upstream; fetches exactly the secrets that takes. */
export async function resolveLaunch(
  profile: Profile,
  manifest: Manifest | null,
  secret: (name: string) => Promise<string>,
): Promise<ResolvedLaunch> {
  if (profile.launch) return resolveOwn(profile, profile.launch, secret);
  if (manifest && manifest.transport !== 'stdio')
    return resolveHttp(profile, manifest, manifest.transport, secret);
  const stdio = startOf(profile, manifest);
  const secrets: Record<string, string> = {};
  for (const name of secretHoles(Object.values(stdio.env))) secrets[name] = await secret(name);
  return resolveManifest(profile, stdio, manifest, contextOf(profile, manifest, secrets));
}

/** The profile without what its server shows less with: where rules ask with `scope = "base"`. */
export function withoutNarrowing(profile: Profile, manifest: Manifest | null): Profile {
  const kept = Object.entries(profile.metadata).filter(([key]) => !manifest?.narrowing.includes(key));
  return { ...profile, metadata: Object.fromEntries(kept) };
}

/** Where a profile leads by its manifest, however it is narrowed there: an origin or a program; null where it leads nowhere. */
export function placeOf(profile: Profile, manifest: Manifest | null): string | null {
  if (!manifest) return null;
  if (manifest.url !== null) {
    try {
      return addressOf(profile, manifest, contextOf(profile, manifest, {})).origin;
    } catch {
      // A field is missing: it cannot be reached either, and says why by itself.
      return null;
    }
  }
  if (!manifest.stdio) return null;
  const { runtime, package: name, server, command } = manifest.stdio;
  return `${runtime} ${name ?? server ?? command ?? ''}`;
}

/** The whole command of a profile for people to read: assignments, program, arguments; secrets as `{{secret.NAME}}`. */
export function describeCommand(profile: Profile, manifest: Manifest | null): string[] {
  const { launch } = profile;
  if (launch) {
    const hidden = launch.secretEnv.map((name) => [name, shown(name)] as const);
    return [...assignments({ ...launch.env, ...Object.fromEntries(hidden) }), launch.command, ...launch.args];
  }
  if (manifest?.url) {
    const context = contextOf(profile, manifest, {});
    const headers = Object.entries(headerTemplates(manifest, context.readOnly));
    return [shownAddress(profile, manifest, context), ...headers.map(([name, value]) => `${name}: ${value}`)];
  }
  const stdio = manifest?.transport === 'stdio' ? manifest.stdio : null;
  if (!stdio) return [];
  const secrets = Object.fromEntries(
    secretHoles(Object.values(stdio.env)).map((name) => [name, shown(name)]),
  );
  const start = resolveManifest(profile, stdio, manifest, contextOf(profile, manifest, secrets));
  const program = start.kind === 'builtin' ? `builtin:${start.server}` : start.command;
  return [...assignments(start.env), program, ...start.args];
}

/** Names of the secrets a profile must have stored before its upstream can start. */
export function secretsOf(
  source: Pick<Profile, 'launch'> | Pick<Launch, 'secretEnv'> | null,
  manifest: Manifest | null,
): string[] {
  const launch = source && 'launch' in source ? source.launch : source;
  return [...(launch ? launch.secretEnv : (manifest?.secrets ?? []))];
}

/**
 * The metadata a profile is stored with: defaults filled in, paths made absolute against `cwd` (null refuses relative ones), everything the
 * manifest asks for checked. Keys the manifest does not name are kept as they are.
 */
export function checkMetadata(
  manifest: Manifest | null,
  metadata: Readonly<Record<string, string>>,
  cwd: string | null,
): Record<string, string> {
  const checked = new Map(Object.entries(metadata));
  for (const field of manifest?.metadata ?? []) {
    const value = checked.get(field.key) || field.default;
    if (!value && field.required)
      throw new NucleusError('METADATA_INVALID', `metadata field "${field.key}" is required`, {
        key: field.key,
      });
    // Given as empty means not given: a template then leaves the argument away.
    if (!value) checked.delete(field.key);
    else checked.set(field.key, checkValue(field, value, cwd));
  }
  // Not an assignment each: that would lose a key called __proto__.
  return Object.fromEntries(checked);
}

async function resolveOwn(
  profile: Profile,
  launch: Launch,
  secret: (name: string) => Promise<string>,
): Promise<ResolvedLaunch> {
  const env: Record<string, string> = { ...launch.env };
  const secrets: string[] = [];
  for (const name of launch.secretEnv) secrets.push((env[name] = await secret(name)));
  for (const value of [launch.command, ...launch.args, ...Object.values(env), launch.cwd ?? ''])
    if (value.includes('\0'))
      throw new NucleusError(
        'METADATA_INVALID',
        `the command of ${profile.id} contains a NUL character, which no argument or environment variable can hold; ` +
          `add the profile again without it`,
      );
  return {
    kind: 'command',
    command: launch.command,
    args: launch.args,
    env,
    cwd: launch.cwd,
    pass: [],
    stderr: profile.stderr,
    secrets,
  };
}

/** What the manifest requires may be missing after an edit of it. */
function checkComplete(profile: Profile, manifest: Manifest): void {
  for (const field of manifest.metadata) {
    if (!field.required || profile.metadata[field.key] || field.default) continue;
    throw new NucleusError(
      'METADATA_INVALID',
      `${profile.id} lacks the metadata field "${field.key}" (${field.label}), which connector "${manifest.name}" needs; ` +
        `run: nucleus add ${profile.connector} ${profile.name} --replace --metadata ${field.key}=VALUE`,
      { profile: profile.id, key: field.key },
    );
  }
}

async function resolveHttp(
  profile: Profile,
  manifest: Manifest,
  transport: Exclude<Manifest['transport'], 'stdio'>,
  secret: (name: string) => Promise<string>,
): Promise<ResolvedLaunch> {
  checkComplete(profile, manifest);
  const { readOnly } = contextOf(profile, manifest, {});
  const needed = secretHoles(Object.values(headerTemplates(manifest, readOnly)));
  const secrets: Record<string, string> = {};
  for (const name of manifest.auth === 'basic' ? ['token', ...needed] : needed)
    secrets[name] = await secret(name);
  const context = contextOf(profile, manifest, secrets);
  return {
    kind: 'http',
    transport,
    url: addressOf(profile, manifest, context),
    messageUrl: manifest.messageUrl === null ? null : webAddress(manifest.messageUrl, profile, context),
    headers: headersOf(profile, manifest, context),
    secrets: Object.values(secrets),
  };
}

/** As far as it can be told: a field may be missing. */
function shownAddress(profile: Profile, manifest: Manifest, context: TemplateContext): string {
  try {
    return addressOf(profile, manifest, context).href;
  } catch (error) {
    if (error instanceof NucleusError) return manifest.url ?? '';
    throw error;
  }
}

function resolveManifest(
  profile: Profile,
  stdio: ManifestStdio,
  manifest: Manifest | null,
  context: TemplateContext,
): Exclude<ResolvedLaunch, { kind: 'http' }> {
  const set = context.readOnly ? manifest?.readOnly?.set : undefined;
  const start: Start = {
    args: [...stdio.args, ...(set?.args ?? [])].flatMap((arg) => expand(arg, context) ?? []),
    env: Object.fromEntries(
      Object.entries({ ...stdio.env, ...set?.env }).flatMap(([name, value]) => {
        const whole = expand(value, context);
        return whole === null ? [] : [[name, whole]];
      }),
    ),
    cwd: stdio.cwd === null ? null : expand(stdio.cwd, context),
    pass:
      manifest?.auth === 'ambient' ? [...stdio.pass, ...(manifest.signIn.ambient?.env ?? [])] : stdio.pass,
    stderr: profile.stderr,
    secrets: Object.values(context.secrets),
  };
  if (stdio.runtime === 'builtin') return { ...start, kind: 'builtin', server: stdio.server ?? '' };
  return { ...start, kind: 'command', ...programOf(stdio, start) };
}

/** The program behind a runtime; a package is started in the one version the manifest names. */
function programOf(
  { runtime, command, package: name, version }: ManifestStdio,
  { args, env }: Pick<Start, 'args' | 'env'>,
): { readonly command: string; readonly args: readonly string[] } {
  if (runtime === 'npx') return { command: 'npx', args: ['-y', `${name}@${version}`, ...args] };
  if (runtime === 'uvx') return { command: 'uvx', args: [`${name}@${version}`, ...args] };
  if (runtime !== 'docker') return { command: command ?? '', args };
  // By name only: a value in an argument could be read by every program of this machine.
  const variables = Object.keys(env).flatMap((variable) => ['-e', variable]);
  return { command: 'docker', args: ['run', '-i', '--rm', ...variables, `${name}:${version}`, ...args] };
}

/** The [stdio] of a profile's manifest, or the sentence that says why there is nothing to start. */
function startOf(profile: Profile, manifest: Manifest | null): ManifestStdio {
  if (!manifest)
    throw new NucleusError(
      'CONNECTOR_UNKNOWN',
      `${profile.id} belongs to connector "${profile.connector}", which has no usable manifest; ` +
        `"nucleus doctor" says why, "nucleus remove ${profile.id} --force" removes the profile`,
    );
  if (!manifest.stdio)
    throw new NucleusError(
      'CONNECTOR_INVALID',
      `${profile.id} has no command to start: connector "${manifest.name}" brings none; add the profile again with its command`,
    );
  checkComplete(profile, manifest);
  return manifest.stdio;
}

function contextOf(
  profile: Profile,
  manifest: Manifest | null,
  secrets: Readonly<Record<string, string>>,
): TemplateContext {
  const defaults = (manifest?.metadata ?? []).map((field) => [field.key, field.default ?? ''] as const);
  return {
    metadata: { ...Object.fromEntries(defaults), ...profile.metadata },
    secrets,
    readOnly: profile.readOnly ?? manifest?.readOnly?.default ?? false,
  };
}

function checkValue(field: MetadataField, given: string, cwd: string | null): string {
  const fail = (what: string): never => {
    throw new NucleusError('METADATA_INVALID', `metadata field "${field.key}" ${what}`, { key: field.key });
  };
  if (given.includes('\0')) fail('must not contain a NUL character');
  if (field.kind === 'path' && cwd === null && !isAbsolute(given)) fail('must be an absolute path');
  const value = field.kind === 'path' ? resolve(cwd ?? '/', given) : given;
  if (field.choices.length > 0 && !field.choices.includes(value))
    fail(`must be one of ${field.choices.join(', ')}`);
  if (field.pattern !== null && !new RegExp(field.pattern, 'u').test(value))
    fail(`must match ${field.pattern}`);
  if (field.kind === 'url' && !URL.canParse(value))
    fail('must be a whole address, such as https://example.com');
  if (field.mustExist && !existsSync(value)) fail(`names ${value}, which does not exist`);
  return value;
}

/** Names of the secrets in templates; they stand in env and headers only, the manifest's checks see to that. */
function secretHoles(templates: readonly string[]): string[] {
  const holes = templates.flatMap((template) => holesOf(template));
  return [...new Set(holes.flatMap((hole) => (hole.kind === 'secret' ? [hole.name] : [])))];
}

function shown(name: string): string {
  return `{{secret.${name}}}`;
}

function assignments(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
