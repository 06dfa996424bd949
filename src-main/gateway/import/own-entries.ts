import { baseName } from './program.ts';
import { isTable } from './entry.ts';

/** Paths that the gateway answers on, where a client comes over HTTP. */
const ownPath = /^\/(mcp|w\/[^/]+\/mcp|p\/[^/]+\/mcp)\/?$/;

/** Whether an entry leads to Nucleus itself, the original included: all of it, or a view of its own. */
export function isOwnEntry(
  raw: unknown,
  { shim, http }: { readonly shim: string; readonly http: string | null },
): boolean {
  if (!isTable(raw)) return false;
  const command = isTable(raw['command']) ? raw['command']['path'] : raw['command'];
  const nested: unknown = isTable(raw['command']) ? raw['command']['args'] : undefined;
  const words = [command ?? raw['cmd'], nested, raw['args']]
    .flat(2)
    .filter((word) => typeof word === 'string');
  const serve = words.findIndex((word, at) => at > 0 && word === 'serve');
  const program = words[serve - 1] ?? '';
  if (program === shim || words[0] === shim) return true;
  if (/^nucleus(mcp)?(@[^@]*)?$/.test(baseName(program).replace(/\.mjs$/, ''))) return true;
  return [raw['url'], raw['serverUrl'], raw['httpUrl'], ...words].some((word) => isOwnAddress(word, http));
}

function isOwnAddress(word: unknown, http: string | null): boolean {
  if (typeof word !== 'string' || !URL.canParse(word)) return false;
  const url = new URL(word);
  if (!/^https?:$/.test(url.protocol) || !ownPath.test(url.pathname)) return false;
  if (http !== null && URL.canParse(http) && url.host === new URL(http).host) return true;
  return /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname) && url.port === '8787';
}
