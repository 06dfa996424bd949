import { NucleusError } from '../../../src-shared/errors.ts';
import { isHeaderValue } from '../../../src-shared/headers.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { Manifest } from './manifest.ts';
import { expand, type TemplateContext } from './template.ts';

/** The address of a profile's server: the manifest's url, what follows its path, and the parameters that are not empty. */
export function addressOf(profile: Profile, manifest: Manifest, context: TemplateContext): URL {
  const url = webAddress(manifest.url ?? '', profile, context);
  const set = context.readOnly ? manifest.readOnly?.set : undefined;
  for (const template of [...pathOf(manifest.path, context), ...(set?.path ?? [])]) {
    const part = expand(template, encoded(context)) ?? '';
    // The parser takes `..` for the folder above, percent signs or not.
    if (/^\.{1,2}$/.test(decodeURIComponent(part))) throw incomplete(profile);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${part}`;
  }
  for (const [name, template] of Object.entries({ ...manifest.query, ...set?.query })) {
    const value = expand(template, context);
    if (value !== null) url.searchParams.set(name, value);
  }
  return url;
}

/** A template of an address, filled: what a person typed stays inside its part of it. */
export function webAddress(template: string, profile: Profile, context: TemplateContext): URL {
  const url = expand(template, encoded(context));
  if (url !== null && URL.canParse(url)) return new URL(url);
  throw incomplete(profile);
}

/** Templates of every header a profile sends: those of the manifest, of its way to sign in, and of read-only. */
export function headerTemplates(manifest: Manifest, isReadOnly: boolean): Readonly<Record<string, string>> {
  const { token } = manifest.signIn;
  const { name, value } = token?.header ?? {};
  return {
    ...manifest.headers,
    ...(manifest.auth === 'token' && token
      ? { ...(name !== undefined && value !== undefined && { [name]: value }), ...token.headers }
      : {}),
    ...(isReadOnly ? manifest.readOnly?.set.headers : {}),
  };
}

/** The headers by lower-case name; an empty one is not sent. */
export function headersOf(
  profile: Profile,
  manifest: Manifest,
  context: TemplateContext,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(headerTemplates(manifest, context.readOnly))) {
    const value = expand(template, context);
    if (value !== null && !isHeaderValue(value))
      throw new NucleusError(
        'METADATA_INVALID',
        `the header ${name} of ${profile.id} would contain a line break or another character no header can hold; give its secret or metadata again without one`,
        { profile: profile.id },
      );
    if (value !== null) headers[name.toLowerCase()] = value;
  }
  const { basic } = manifest.signIn;
  if (manifest.auth === 'basic' && basic) {
    const user = context.metadata[basic.user] ?? '';
    if (user === '')
      throw new NucleusError(
        'METADATA_INVALID',
        `${profile.id} lacks the metadata field "${basic.user}", the user name its token belongs to; ` +
          `run: nucleus add ${profile.connector} ${profile.name} --replace --metadata ${basic.user}=VALUE`,
        { profile: profile.id, key: basic.user },
      );
    const pair = Buffer.from(`${user}:${context.secrets['token'] ?? ''}`, 'utf8');
    headers['authorization'] = `Basic ${pair.toString('base64')}`;
  }
  return headers;
}

/** The parts up to the first that is empty: what follows it would stand in its place. */
function pathOf(templates: readonly string[], context: TemplateContext): readonly string[] {
  const end = templates.findIndex((template) => expand(template, context) === null);
  return end === -1 ? templates : templates.slice(0, end);
}

function encoded(context: TemplateContext): TemplateContext {
  const metadata = Object.entries(context.metadata).map(
    ([key, value]) => [key, encodeURIComponent(value)] as const,
  );
  return { ...context, metadata: Object.fromEntries(metadata) };
}

function incomplete(profile: Profile): NucleusError {
  return new NucleusError(
    'METADATA_INVALID',
    `the address of ${profile.id} is not complete; add the profile again with the metadata it needs`,
    { profile: profile.id },
  );
}
