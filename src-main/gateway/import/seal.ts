import { headerProblem, isHeaderValue } from '../../../src-shared/headers.ts';
import type { Launch } from '../../../src-shared/model.ts';
import type { HttpEntry, StdioEntry } from './entry.ts';
import { decoded, isSecret, secretInAddress } from './secret-text.ts';

/** A secret that moves to the vault: what it is called there, where it stood, what it is. */
export interface MovedSecret {
  readonly name: string;
  readonly place: string;
  readonly value: string;
}

/** A command of one's own; its secrets are variables. */
export interface SealedLaunch {
  readonly launch: Launch;
  readonly secrets: readonly MovedSecret[];
}

/** An address of one's own, with templates for what its headers hold. */
export interface SealedAddress {
  readonly url: string;
  readonly transport: HttpEntry['transport'];
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly MovedSecret[];
  readonly notes: readonly string[];
}

/** Takes the secrets out of an entry whose arguments hold none; `places` tells of variables that were arguments. */
export function sealLaunch(entry: StdioEntry, places: Readonly<Record<string, string>>): SealedLaunch {
  const isMoved = ([name, value]: [string, string]): boolean =>
    value !== '' && (Object.hasOwn(places, name) || isSecret(name, value));
  const rows = Object.entries(entry.env);
  const secrets = rows
    .filter(isMoved)
    .map(([name, value]) => ({ name, value, place: places[name] ?? `variable ${name}` }));
  return {
    launch: {
      command: entry.command,
      args: [...entry.args],
      env: Object.fromEntries(rows.filter((row) => !isMoved(row))),
      secretEnv: secrets.map(({ name }) => name),
      cwd: entry.cwd,
    },
    secrets,
  };
}

/**
 * Takes the secrets out of an address and its headers, or says why that cannot be. `alike` names headers in which
 * several accounts of one service differ: a connector has one template for all, so these are each account's own.
 */
export function sealAddress(
  entry: HttpEntry,
  alike: ReadonlySet<string> = new Set(),
): SealedAddress | { readonly left: string } {
  const url = new URL(entry.url);
  const notes: string[] = [];
  const headers: Record<string, string> = {};
  const secrets: MovedSecret[] = [];
  const given = withUserOf(url, entry.headers);
  for (const [name, value] of Object.entries(given.headers)) {
    if (headerProblem(name) !== null || !isHeaderValue(value)) {
      notes.push(`header ${name} is not brought along: Nucleus sets it itself, or no header can hold it`);
      continue;
    }
    if (value === '') continue;
    const isHidden = isSecret(name, value) || value.includes('{{') || alike.has(name.toLowerCase());
    const { scheme, rest } = splitScheme(value);
    const secret = secretNameOf(
      name,
      secrets.map((one) => one.name),
    );
    headers[name] = isHidden ? `${scheme}{{secret.${secret}}}` : value;
    if (isHidden)
      secrets.push({
        name: secret,
        value: rest,
        place: given.isUser && secret === 'token' ? 'its address' : `header ${name}`,
      });
  }
  const place = secretInAddress(url);
  if (place !== null)
    return {
      left: `a secret stands in its address (${place}), where Nucleus would keep it in clear; if the server takes it as a header, put it into one, then import it`,
    };
  if (secrets.length > 0 && isUnencrypted(url))
    return { left: 'its secret would go over an unencrypted connection; use an https address' };
  // As it was written: an end without a slash stays one.
  return { url: given.isUser ? url.href : entry.url, transport: entry.transport, headers, secrets, notes };
}

/** What the secret of a header is called, unlike those before it. */
function secretNameOf(header: string, taken: readonly string[]): string {
  const name = /^authorization$/i.test(header)
    ? 'token'
    : header.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '-');
  return taken.includes(name) ? `${name}-${taken.length + 1}` : name;
}

/** `https://user:password@host` is what programs send as a header. */
function withUserOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
): { readonly headers: Readonly<Record<string, string>>; readonly isUser: boolean } {
  if (url.username === '' && url.password === '') return { headers, isUser: false };
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = '';
  url.password = '';
  const isNamed = Object.keys(headers).some((name) => /^authorization$/i.test(name));
  if (isNamed) return { headers, isUser: true };
  return {
    headers: { ...headers, Authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    isUser: true,
  };
}

/** `Bearer …`: the word stays to be read, what follows is the secret. */
function splitScheme(value: string): { readonly scheme: string; readonly rest: string } {
  const [, scheme = '', rest = value] = /^([A-Za-z][A-Za-z-]{2,20} +)(\S+)$/.exec(value) ?? [];
  return { scheme, rest };
}

/** Whether what is sent there can be read on the way. */
export function isUnencrypted({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname);
}
