import { headerTemplates } from '../profiles/web-address.ts';
import type { Manifest } from '../profiles/manifest.ts';
import type { HttpEntry } from './entry.ts';
import { decoded } from './secret-text.ts';
import { isLiteral, readBack, type Caught } from './template-reading.ts';

/** Whether an entry reaches what the manifest would reach, with what in its holes. */
export function fitsAddress(
  entry: HttpEntry,
  manifest: Manifest,
  readOnly: boolean,
  caught: Caught,
): boolean {
  const url = new URL(entry.url);
  if (url.username !== '' || url.hash !== '') return false;
  return (
    fitsPath(url, manifest, readOnly, caught) &&
    fitsQuery(url, manifest, readOnly, caught) &&
    fitsHeaders(entry.headers, manifest, readOnly, caught)
  );
}

function fitsPath(url: URL, manifest: Manifest, readOnly: boolean, caught: Caught): boolean {
  const [base = ''] = (manifest.url ?? '').split('?');
  const address = withoutSlash(`${url.protocol}//${url.host}${url.pathname}`);
  const parts = address.split('/');
  const added = [...manifest.path, ...(readOnly ? (manifest.readOnly?.set.path ?? []) : [])];
  // As many of the parts at the end as the manifest has templates for; later ones may be empty.
  for (let count = 0; count <= added.length; count += 1) {
    const head = parts.slice(0, parts.length - count).join('/');
    const tail = parts.slice(parts.length - count);
    const isSame = [head, currentPath(head, base)].some((one) =>
      readBack(withoutSlash(base), one, caught, { readOnly, place: 'its address', part: 'path' }),
    );
    if (!isSame) continue;
    return (
      tail.every((part, index) =>
        readBack(added[index] ?? '', decoded(part), caught, { readOnly, place: 'its address' }),
      ) && added.slice(count).every((template) => !isLiteral(template))
    );
  }
  return false;
}

/** Services that had the old transport at `/sse` have the same server at `/mcp` now. */
function currentPath(address: string, template: string): string {
  return /\/mcp\/?$/.test(template) ? address.replace(/\/sse$/, '/mcp') : address;
}

function fitsQuery(url: URL, manifest: Manifest, readOnly: boolean, caught: Caught): boolean {
  const set = readOnly ? manifest.readOnly?.set.query : undefined;
  const templates = { ...manifest.query, ...set };
  const own = new URLSearchParams((manifest.url ?? '').split('?')[1] ?? '');
  const given = [...url.searchParams];
  const isKnown = given.every(
    ([name, value]) =>
      (own.has(name) && own.get(name) === value) ||
      (Object.hasOwn(templates, name) &&
        readBack(templates[name] ?? '', value, caught, { readOnly, place: `parameter ${name}` })),
  );
  return (
    isKnown &&
    Object.entries(templates).every(([name, template]) => !isLiteral(template) || url.searchParams.has(name))
  );
}

function fitsHeaders(
  headers: Readonly<Record<string, string>>,
  manifest: Manifest,
  readOnly: boolean,
  caught: Caught,
): boolean {
  const templates = new Map(
    Object.entries(headerTemplates(manifest, readOnly)).map(([name, template]) => [
      name.toLowerCase(),
      template,
    ]),
  );
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const isKnown = given.every(([name, value]) => {
    if (name === 'authorization' && manifest.auth === 'basic') return catchBasic(value, manifest, caught);
    const template = templates.get(name);
    return template !== undefined && readBack(template, value, caught, { readOnly, place: `header ${name}` });
  });
  const names = new Set(given.map(([name]) => name));
  return isKnown && [...templates].every(([name, template]) => !isLiteral(template) || names.has(name));
}

function catchBasic(value: string, manifest: Manifest, caught: Caught): boolean {
  const [, pair = ''] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(value) ?? [];
  const [, user, password] = /^([^:]+):(.+)$/s.exec(Buffer.from(pair, 'base64').toString('utf8')) ?? [];
  const { basic } = manifest.signIn;
  if (!basic || user === undefined || password === undefined) return false;
  caught.metadata.set(basic.user, user);
  caught.secrets.set('token', password);
  caught.places.set('token', 'header authorization');
  return true;
}

function withoutSlash(address: string): string {
  return address.replace(/\/$/, '');
}
