/** RFC 9110, section 5.6.2. */
const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Headers that frame a message or name its session: set by Nucleus, or by nobody. */
const reserved = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why a header of this name may not be set by a connector or a configuration, or null. */
export function headerProblem(name: string): string | null {
  if (!token.test(name)) return 'must be the name of an HTTP header';
  if (reserved.has(name.toLowerCase())) return 'is a header that Nucleus sets itself; leave it away';
  return null;
}

/** Whether a header can hold this value (RFC 9110, section 5.5). */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
