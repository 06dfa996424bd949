import { NucleusError } from '../../../src-shared/errors.ts';
import { isObject, type Frame, type Params } from './frame.ts';
import { isLogLevel, type LogLevel } from './log-level.ts';
import { decodeHeader, headerNames, nameOf, paramText, type ParamHeader } from './mcp-headers.ts';
import { metaKeys, modernRevision, supportedVersions } from './modern.ts';

export type RequestFrame = Extract<Frame, { readonly kind: 'request' }>;
/** Headers of a request, their names in small letters. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request of the modern era says of its client: there is no handshake that could have said it before. */
export interface Envelope {
  readonly capabilities: Params;
  readonly clientInfo: Params;
  /** The least severe log message the client wants during this request; null for none at all. */
  readonly logLevel: LogLevel | null;
}

export type Verdict =
  | { readonly kind: 'legacy' }
  | { readonly kind: 'modern'; readonly envelope: Envelope }
  | { readonly kind: 'refused'; readonly error: NucleusError };

const legacy: Verdict = { kind: 'legacy' };
/** Methods no other era has. */
const modernMethods = new Set(['server/discover', 'subscriptions/listen']);

/**
 * The era of a request, by itself and its headers alone (MCP 2026-07-28, basic/versioning); headers are null where the
 * transport has none.
 */
export function classify({ method, params }: RequestFrame, headers: Headers | null): Verdict {
  const meta = isObject(params?.['_meta']) ? params['_meta'] : {};
  const version = headers && headerOf(headers, headerNames.version);
  const hasEnvelope = metaKeys.protocolVersion in meta || metaKeys.clientCapabilities in meta;
  if (!hasEnvelope && method === 'initialize') return legacy;
  if (!hasEnvelope && !modernMethods.has(method) && !isModern(version)) return legacy;

  const missing = missingKeys(meta);
  if (missing.length > 0)
    return refused(
      'ENVELOPE_INVALID',
      `_meta of a request of MCP ${modernRevision} needs ${missing.join(' and ')}; send them with every request`,
      { missing },
    );
  const claimed = meta[metaKeys.protocolVersion] as string;
  if (headers && version !== claimed)
    return mismatch(
      'MCP-Protocol-Version',
      version === null ? 'is missing' : 'differs from the version in _meta',
    );
  if (claimed !== modernRevision)
    return refused(
      'VERSION_UNSUPPORTED',
      `this version of MCP is not spoken here; use one of ${supportedVersions.join(', ')}`,
      { requested: claimed, supported: supportedVersions },
    );
  const fault = headers && headerFault(headers, method, params);
  if (fault) return fault;
  const { [metaKeys.clientInfo]: info, [metaKeys.logLevel]: level } = meta;
  return {
    kind: 'modern',
    envelope: {
      capabilities: meta[metaKeys.clientCapabilities] as Params,
      clientInfo: isObject(info) ? info : {},
      logLevel: isLogLevel(level) ? level : null,
    },
  };
}

/** Why headers that repeat arguments do not stand for them (basic/transports/streamable-http, "Server Validation"); else null. */
export function paramFault(
  headers: Headers,
  declared: readonly ParamHeader[],
  args: unknown,
): NucleusError | null {
  for (const { path, name } of declared) {
    const text = paramText(args, path);
    const header = `Mcp-Param-${name}`;
    const value = headerOf(headers, `${headerNames.param}${name.toLowerCase()}`);
    if (value !== null && decodeHeader(value) === null) return mismatchOf(header, 'is not valid Base64');
    if (text === null) continue;
    if (value === null) return mismatchOf(header, 'is missing');
    if (!isSame(decodeHeader(value) ?? '', text)) return mismatchOf(header, 'differs from the argument');
  }
  return null;
}

const decimal = /^-?\d+(?:\.\d+)?$/;

/** A number may be written in more than one way. */
function isSame(header: string, text: string): boolean {
  return header === text || (decimal.test(header) && decimal.test(text) && Number(header) === Number(text));
}

function headerFault(headers: Headers, method: string, params: Params | undefined): Verdict | null {
  const named = headerOf(headers, headerNames.method);
  if (named === null) return mismatch('Mcp-Method', 'is missing');
  if (named !== method) return mismatch('Mcp-Method', 'differs from the method of the request');
  const own = nameOf(method, params);
  const value = headerOf(headers, headerNames.name);
  if (value === null) return own === null ? null : mismatch('Mcp-Name', 'is missing');
  const decoded = decodeHeader(value);
  if (decoded === null) return mismatch('Mcp-Name', 'is not valid Base64');
  return own === null || own === decoded
    ? null
    : mismatch('Mcp-Name', 'differs from the name in the request');
}

function missingKeys(meta: Params): string[] {
  return [
    ...(typeof meta[metaKeys.protocolVersion] === 'string' ? [] : [metaKeys.protocolVersion]),
    ...(isObject(meta[metaKeys.clientCapabilities]) ? [] : [metaKeys.clientCapabilities]),
  ];
}

/** Revisions are dates, so that a later one is a greater one. */
function isModern(version: string | null): boolean {
  return version !== null && /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= modernRevision;
}

function headerOf(headers: Headers, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value.replace(/^[ \t]+|[ \t]+$/g, '') : null;
}

function refused(code: 'ENVELOPE_INVALID' | 'VERSION_UNSUPPORTED', message: string, data: Params): Verdict {
  return { kind: 'refused', error: new NucleusError(code, message, data) };
}

function mismatch(header: string, what: string): Verdict {
  return { kind: 'refused', error: mismatchOf(header, what) };
}

function mismatchOf(header: string, what: string): NucleusError {
  const sentence = `the header ${header} ${what}; headers and body must say the same`;
  return new NucleusError('HEADER_MISMATCH', sentence, { header });
}
