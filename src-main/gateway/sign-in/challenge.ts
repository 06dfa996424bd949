/** What a server says about signing in when it turns a request down (RFC 9110, section 11.6.1; RFC 9728, section 5.1). */
export interface Challenge {
  readonly resourceMetadata: URL | null;
  readonly scope: string | null;
  readonly error: string | null;
}

const none: Challenge = { resourceMetadata: null, scope: null, error: null };

/** The Bearer challenge of a `WWW-Authenticate` header; null where there is none. */
export function readChallenge(header: string | undefined): Challenge | null {
  if (header === undefined || header.length > maxLength) return null;
  const start = /(?:^|,)\s*(?:bearer|dpop)(?=\s|,|$)/i.exec(header);
  if (!start) return null;
  const found: Record<string, string> = {};
  const parameter = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)?/y;
  parameter.lastIndex = start.index + start[0].length;
  for (let match = parameter.exec(header); match; match = parameter.exec(header)) {
    const [, name = '', quoted, plain = ''] = match;
    found[name.toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? plain;
  }
  const address = found['resource_metadata'] ?? '';
  return {
    ...none,
    resourceMetadata: URL.canParse(address) ? new URL(address) : null,
    scope: scopeOf(found['scope']),
    error: found['error'] ?? null,
  };
}

const maxLength = 8_192;

/** A scope as RFC 6749, section 3.3 allows it, else none: it goes into addresses and sentences. */
function scopeOf(text: string | undefined): string | null {
  const scope = (text ?? '').trim();
  return /^[\x21\x23-\x5b\x5d-\x7e]+( +[\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope) ? scope : null;
}

/** Every scope of both, each once. */
export function joinScopes(...scopes: readonly (string | null | undefined)[]): string | null {
  const all = new Set(scopes.flatMap((scope) => (scope ?? '').split(' ').filter(Boolean)));
  return all.size === 0 ? null : [...all].join(' ');
}

/** Whether every scope of one is in the other. */
export function hasScopes(all: string | null, some: string | null): boolean {
  const held = new Set((all ?? '').split(' '));
  return (some ?? '')
    .split(' ')
    .filter(Boolean)
    .every((scope) => held.has(scope));
}
