import { hash } from 'node:crypto';
import { isObject } from '../wire/frame.ts';
import { quoted } from './quoted.ts';

/** `sha256:` over the original's canonical JSON: keys sorted at every level, `<>&` escaped as Go does. */
export function argumentsHash(args: unknown): string {
  const text = canonical(args);
  const escaped = mayNeedEscape.test(text)
    ? text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
  return `sha256:${hash('sha256', escaped)}`;
}

const mayNeedEscape = /[<>&\u2028\u2029]/;

/** Written by hand: an object would put keys that look like numbers first, whatever order they were added in. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value);
  if (keys.length > 1) sortKeys(keys);
  let members = '';
  for (const key of keys) members += `${members === '' ? '' : ','}${quoted(key)}:${canonical(value[key])}`;
  return `{${members}}`;
}

/** As Go compares strings, by bytes; JavaScript's own order differs where halves of characters are compared. */
function sortKeys(keys: string[]): void {
  if (keys.some((key) => hasHalves.test(key)))
    keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  else keys.sort();
}

const hasHalves = /[\ud800-\udfff]/;
