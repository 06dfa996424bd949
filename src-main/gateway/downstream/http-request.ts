import type { IncomingMessage } from 'node:http';
import type { Accepts } from './http-exchange.ts';

/** The forms a request takes its answer in (RFC 9110, section 12.5.1); without the header, any. */
export function acceptsOf({ headers }: Pick<IncomingMessage, 'headers'>): Accepts {
  const { accept } = headers;
  if (accept === undefined || accept.includes('*/*')) return { json: true, events: true };
  const text = accept.toLowerCase();
  return {
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

/**
 * Reads a body of at most `limit` bytes and hands it out, or null as soon as it is known to be longer. What comes
 * behind the limit is read away without being held, so that a client still sending hears the answer.
 */
export function readBody(request: IncomingMessage, limit: number, done: (body: Buffer | null) => void): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) return done(null);
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    if (length > limit) return;
    length += chunk.length;
    if (length <= limit) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    done(null);
  });
  // A request that breaks off before its end is answered by nobody.
  request.once('end', () => {
    if (length <= limit) done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
  });
}
