import { checkMetadata } from '../profiles/launch.ts';
import { manifestOf, type Manifest } from '../profiles/manifest.ts';
import type { Entry, HttpEntry, StdioEntry } from './entry.ts';
import { fitsAddress } from './match-address.ts';
import { fitsStart } from './match-start.ts';
import type { MovedSecret } from './seal.ts';
import { isKnownSecret } from './secret-text.ts';
import { createCaught, type Caught } from './template-reading.ts';

/** A profile of a known connector that starts or reaches exactly what the entry did. */
export interface Match {
  readonly connector: Manifest;
  readonly variant: string | null;
  readonly auth: string | null;
  readonly readOnly: boolean | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly secrets: readonly MovedSecret[];
}

/**
 * Finds the connector that an entry is a profile of: same package or address, and nothing in the entry that its
 * templates do not say. Versions are not looked at. null: it stays what it was, under a connector of its own.
 */
export function matchConnector(
  entry: Entry,
  manifests: readonly Manifest[],
  /** Where a variable stood that was an argument. */
  places: Readonly<Record<string, string>>,
): Match | null {
  for (const connector of manifests)
    for (const variant of [null, ...Object.keys(connector.variants)]) {
      const way = manifestOf(connector, { variant: variant ?? undefined });
      const found = way && matchWay(entry, way, places);
      if (found) return { connector, variant, ...found };
    }
  return null;
}

function matchWay(
  entry: Entry,
  way: Manifest,
  places: Readonly<Record<string, string>>,
): Omit<Match, 'connector' | 'variant'> | null {
  for (const method of way.methods) {
    // These two bring what no entry of a client holds.
    if (method === 'machine' && entry.kind === 'http') continue;
    const manifest = manifestOf(way, { auth: method });
    if (!manifest) continue;
    for (const readOnly of manifest.readOnly ? [false, true] : [null]) {
      const caught = createCaught();
      const isFit = readOnly ?? false;
      const fits =
        entry.kind === 'http'
          ? fitsHttp(entry, manifest, isFit, caught)
          : fitsStdio(entry, manifest, isFit, caught, places);
      const metadata = fits ? checked(manifest, caught) : null;
      if (metadata === null) continue;
      return {
        auth: method === way.auth ? null : method,
        readOnly,
        metadata,
        secrets: [...caught.secrets].map(([name, value]) => ({
          name,
          value,
          place: caught.places.get(name) ?? '',
        })),
      };
    }
  }
  return null;
}

function fitsHttp(entry: HttpEntry, manifest: Manifest, readOnly: boolean, caught: Caught): boolean {
  return manifest.url !== null && fitsAddress(entry, manifest, readOnly, caught);
}

function fitsStdio(
  entry: StdioEntry,
  manifest: Manifest,
  readOnly: boolean,
  caught: Caught,
  places: Readonly<Record<string, string>>,
): boolean {
  return manifest.stdio !== null && fitsStart(entry, manifest, manifest.stdio, { readOnly, caught, places });
}

/** What was caught, when the connector takes it and it is all the connector needs. */
function checked(manifest: Manifest, caught: Caught): Record<string, string> | null {
  if (manifest.secrets.some((name) => !caught.secrets.get(name))) return null;
  if ([...caught.secrets.keys()].some((name) => !manifest.secrets.includes(name))) return null;
  // A field is kept in clear.
  if ([...caught.metadata.values()].some(isKnownSecret)) return null;
  try {
    return checkMetadata(manifest, Object.fromEntries(caught.metadata), null);
  } catch {
    // Not a value this connector takes: then it is not this connector.
    return null;
  }
}
