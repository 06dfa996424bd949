/** Longest exposed name: hosts prepend their own prefix and model APIs end at 64 characters. */
export const maxExposedLength = 48;

/** What stands between the account and the tool. */
export const separators = ['_', '__'] as const;
export type Separator = (typeof separators)[number];

/** What is cut out of a long name is replaced by this many hexadecimal characters of a hash of the whole. */
const hashLength = 4;
/** Names that differ only in what was cut out may use up all short hashes; from this salt on the hash is longer. */
const longHash = { fromSalt: 16, length: 12 };

/** Names starting so are Nucleus's own, in any case: some hosts compare names without it. */
const reserved = /^nucleus_/i;

/** Whether an exposed name would stand among the meta-tools. */
export function isReservedName(exposed: string): boolean {
  return reserved.test(exposed);
}

/**
 * The name a client sees for an upstream tool or prompt: `<connector>_<alias>_<tool>`, without an alias when it is one
 * for all accounts, characters outside [A-Za-z0-9_-] replaced by `_`, shortened in the middle to 48 characters. `salt` > 0 makes another name for the
 * same thing, for when the first one is taken or reserved. Names are never split back; the catalog's table maps them.
 */
export function exposedName(
  parts: { connector: string; alias: string; name: string; separator?: Separator },
  sha256Hex: (text: string) => string,
  salt = 0,
): string {
  const account = parts.alias === '' ? parts.connector : `${parts.connector}_${parts.alias}`;
  const whole = `${account}${parts.separator ?? '_'}${parts.name}`;
  const plain = whole.replace(/[^A-Za-z0-9_-]/gu, '_');
  const clean = salt > 0 && isReservedName(plain) ? `x_${plain}` : plain;
  if (clean.length <= maxExposedLength && salt === 0) return clean;
  const source = [parts.connector, parts.alias, parts.name, ...(salt > 0 ? [salt] : [])].join('\u0000');
  const hash = sha256Hex(source).slice(0, salt < longHash.fromSalt ? hashLength : longHash.length);
  const room = maxExposedLength - hash.length - 2;
  if (clean.length <= room) return `${clean}_${hash}`;
  const head = Math.ceil(room / 2);
  return `${clean.slice(0, head)}_${hash}_${clean.slice(clean.length - (room - head))}`;
}

/** The text in front of an upstream's own description: `[connector/alias k=v k=v] note —`, metadata sorted by key. */
export function describe(
  profile: {
    connector: string;
    alias: string;
    metadata: Readonly<Record<string, string>>;
    note?: string | undefined;
  },
  description: string,
): string {
  const pairs = Object.keys(profile.metadata)
    .sort()
    .map((key) => ` ${key}=${profile.metadata[key]}`)
    .join('');
  const prefix = `[${profile.connector}/${profile.alias}${pairs}]${profile.note ? ` ${profile.note} —` : ''}`;
  const text = description.trim();
  return text === '' ? prefix : `${prefix} ${text}`;
}
