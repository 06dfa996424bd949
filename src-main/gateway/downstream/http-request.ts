import type { IncomingMessage } from 'node:http';
import type { Accepts } from './http-exchange.ts';

/** The forms a request takes its answer in (RFC 9110, section 12.5.1); without the header, any. */
export function acceptsOf({ headers }: Pick<IncomingMessage, 'headers'>): Accepts {
  const { accept } = headers;
  const primed = (headerOf({ headers }, 'mcp-protocol-version') ?? '') >= '2025-11-25';
  if (accept === undefined || accept.includes('*/*')) return { json: true, events: true, primed };
  const text = accept.toLowerCase();
  return {
    primed,
    json: text.includes('application/json') || text.includes('application/*'),
    events: text.includes('text/event-stream') || text.includes('text/*'),
  };
}

/** Whether a body says it is JSON; a form or plain text, which a web page may send unasked, does not. */
export function isJson({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const type = headers['content-type'] ?? '';
  const end = type.indexOf(';');
  return (end < 0 ? type : type.slice(0, end)).trim().toLowerCase() === 'application/json';
}

/** A header that may stand once, or null. */
export function headerOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}
