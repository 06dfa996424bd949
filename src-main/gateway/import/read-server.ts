import type { Stderr } from '../../../src-shared/model.ts';
import type { Manifest } from '../profiles/manifest.ts';
import { readEntry, type Entry, type EntryPlace, type HttpEntry, type StdioEntry } from './entry.ts';
import { matchConnector, type Match } from './match.ts';
import { moveArguments, shownArguments } from './move-arguments.ts';
import { wordsOf } from './names.ts';
import { programOf } from './program.ts';
import { behindBridge } from './remote-bridge.ts';
import { sealAddress, sealLaunch, type SealedLaunch } from './seal.ts';

/** What a server of a file becomes; holds secrets. */
export type Becoming =
  | { readonly kind: 'known'; readonly match: Match; readonly stderr: Stderr }
  | { readonly kind: 'launch'; readonly sealed: SealedLaunch; readonly stderr: Stderr }
  | { readonly kind: 'address'; readonly entry: HttpEntry };

export type ServerReading =
  | { readonly becomes: Becoming; readonly notes: readonly string[]; readonly left?: never }
  /** `how`: as far as it may be shown. */
  | { readonly left: string; readonly how: string; readonly becomes?: never };

/** Of an entry as text: a certificate among its variables has room, a file that is none has not. */
const maxCharacters = 100_000;

/** What one server of a file would be here; a known connector where nothing of the entry is lost by it. */
export function readServer(raw: unknown, place: EntryPlace, manifests: readonly Manifest[]): ServerReading {
  if (JSON.stringify(raw ?? null).length > maxCharacters)
    return { left: 'it is longer than any server is; shorten it, then import it', how: '' };
  const reading = readEntry(raw, place);
  if (reading.left !== undefined) return { left: reading.left, how: '' };
  const { entry, notes } = reading;
  if (entry.kind === 'http') return readAddress(entry, notes, manifests);
  const bridged = behindBridge(entry);
  if (bridged) return readAddress(bridged, [...notes, ...bridgeNotes(bridged)], manifests);
  return readStart(entry, notes, manifests);
}

function readStart(
  entry: StdioEntry,
  notes: readonly string[],
  manifests: readonly Manifest[],
): ServerReading {
  const moved = moveArguments(entry);
  if (moved.left !== undefined)
    return { left: `${moved.left}${connectorHint(entry, manifests)}`, how: shownStart(entry) };
  const relative = entry.cwd === null ? [entry.command, ...entry.args].find(isRelative) : undefined;
  if (relative !== undefined)
    return {
      left: `it names ${relative}, which lies in whatever folder the client works in; write the whole path, or give it a cwd, then import it`,
      how: shownStart(entry),
    };
  const match = matchConnector(moved.entry, manifests, moved.places);
  if (match) return { becomes: { kind: 'known', match, stderr: entry.stderr }, notes };
  return {
    becomes: { kind: 'launch', sealed: sealLaunch(moved.entry, moved.places), stderr: entry.stderr },
    notes,
  };
}

function readAddress(
  entry: HttpEntry,
  notes: readonly string[],
  manifests: readonly Manifest[],
): ServerReading {
  const match = matchConnector(entry, manifests, {});
  if (match) return { becomes: { kind: 'known', match, stderr: 'null' }, notes };
  const sealed = sealAddress(entry);
  if ('left' in sealed) return { left: sealed.left, how: shownAddress(entry) };
  return { becomes: { kind: 'address', entry }, notes: [...notes, ...sealed.notes] };
}

/** Another server for the same service, which keeps its secrets where they belong. */
function connectorHint(entry: StdioEntry, manifests: readonly Manifest[]): string {
  const words = wordsOf(programOf(entry).name);
  const like = manifests.find(({ kind, name }) => kind === 'builtin' && words.includes(name));
  return like ? `; or add the service anew: nucleus add ${like.name}` : '';
}

/** mcp-remote keeps sign-ins of its own, which nobody else can use. */
function bridgeNotes({ headers }: Entry & { readonly kind: 'http' }): string[] {
  return Object.keys(headers).length > 0
    ? []
    : ['Nucleus reaches it without mcp-remote; if it wants a sign-in, sign in once more'];
}

function isRelative(word: string): boolean {
  return /^\.{1,2}[\\/]/.test(word);
}

function shownStart({ command, args }: StdioEntry): string {
  return [command, ...shownArguments(args, command)].join(' ');
}

/** Without what may be a secret: its path, too, may be one. */
function shownAddress({ url }: HttpEntry): string {
  return `${new URL(url).origin}/…`;
}
