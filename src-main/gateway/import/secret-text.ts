/*
 * Which texts of a client's file are secrets. Sealing one too many costs nothing, so variables and headers are judged
 * by their names alone, too; of an argument it decides whether a server can be brought in, so there more is asked.
 */

/** Words after which what follows is a secret, whatever it looks like. */
const strong = new Set([
  ...'token secret password passwd passphrase pwd apikey pat credential credentials'.split(' '),
  ...'dsn jwt bearer cookie authorization'.split(' '),
]);
/** Words that often stand for something else, too: `--key`, `--auth none`. */
const weak = new Set(['key', 'auth', 'pass']);

/** How tokens of known services begin. */
const prefixes =
  /^(gh[pousr]_|github_pat_|glpat-|glsa_|sbp_|sk-|[sr]k_(live|test)_|xox[abeprs]-|xapp-|AKIA|ASIA|AIza|ya29\.|eyJ[\w-]{8,}\.|ntn_|secret_|lin_api_|figd_|hf_|npm_|dop_v1_|shp(at|ss|ca)_|SG\.|ph[cx]_|sntry[su]_|nvapi-|pplx-|tvly-|dckr_pat_|napi_|apify_api_|ATATT|pat[A-Za-z0-9]{14}\.)/;

/** `scheme://user:password@host`, anywhere in a text. */
const passwordUrl = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:]*:[^\s/@]+@/i;

/** Whether a variable or a header of this name, with this value, is one. */
export function isSecret(name: string, value: string): boolean {
  if (value === '') return false;
  if (looksSecret(value)) return true;
  const words = wordsOf(name);
  if (!words.some((word) => strong.has(word) || weak.has(word))) return hasSecretIn(value);
  // `AUTH=none` or `MAX_TOKEN=4096` is a setting; a password may be anything.
  return (
    words.some((word) => /^pass|^pwd/.test(word)) || !/^(true|false|yes|no|on|off|none|\d{1,5})$/i.test(value)
  );
}

/** Whether what follows a flag of this name on a command line is one. */
export function isSecretArgument(flag: string, value: string): boolean {
  if (value === '' || value.startsWith('-')) return false;
  if (looksSecret(value)) return true;
  const words = wordsOf(flag);
  const last = words.at(-1) ?? '';
  const isNamed = strong.has(last) || (last === 'key' && /^(api|access|private)$/.test(words.at(-2) ?? ''));
  // A file that holds it, or a number that counts them.
  return isNamed && !/^([./~]|\d{1,7}$|[A-Za-z]:\\|\$)/.test(value);
}

/** Whether a text is a secret by itself: by how it begins, as an address with a password, or by chance alone. */
export function looksSecret(value: string): boolean {
  if (isKnownSecret(value)) return true;
  if (/\s/.test(value)) return false;
  if (value.length <= 20 || /^([@./~]|[A-Za-z]:\\)|:\/\/|@sha256:/.test(value)) return false;
  return value.split(/[^A-Za-z0-9+/=]/).some(isRandom);
}

/** The same without the guess: it begins like one, or is an address with a password. */
export function isKnownSecret(value: string): boolean {
  if (passwordUrl.test(value) || value.includes('PRIVATE KEY-----')) return true;
  return !/\s/.test(value) && prefixes.test(value) && value.length >= 12;
}

/** Whether a text that is more than one word, such as a script, has a secret somewhere in it. */
export function hasSecretIn(text: string): boolean {
  if (looksSecret(text)) return true;
  const assigned = [...text.matchAll(/([A-Za-z_][\w-]{0,60})=(["']?)([^\s"']+)\2/g)];
  if (assigned.some(([, name = '', , value = '']) => isSecretArgument(name, value))) return true;
  return text.split(/[\s"'=,;]+/).some(looksSecret);
}

/** Where an address carries a secret in the clear, as people say it; null where it carries none. */
export function secretInAddress(url: URL): string | null {
  for (const [name, value] of url.searchParams)
    if (isSecretArgument(name, value) || (wordsOf(name).some((word) => weak.has(word)) && value.length > 7))
      return `its parameter ${name}`;
  const isSecretPart = (part: string): boolean => looksSecret(decoded(part));
  return url.pathname.split('/').some(isSecretPart) ? 'its path' : null;
}

/** `apiKey`, `API_KEY` and `--api-key` are the same words. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Letters and digits without a plan: what nobody typed. A UUID has no part that long. */
function isRandom(part: string): boolean {
  if (part.length < 16 || part.includes('/')) return false;
  const digits = part.replace(/\D/g, '').length;
  return digits >= 2 && part.length - digits >= 4 && entropy(part) >= 3;
}

/** Bits for each character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** The text behind percent signs. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone percent sign: it is what it says.
    return part;
  }
}
