import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createPile } from '../wire/pile.ts';

/** What the head of an HTTP answer says it is. */
export type AnswerKind =
  | 'json'
  | 'events'
  /** Taken, and nothing said. */
  | 'empty'
  /** Some other content, most likely a page for people. */
  | 'page'
  | 'compressed'
  | 'redirect'
  /** The credentials are not good enough. */
  | 'denied'
  /** To be asked again later. */
  | 'busy'
  /** Not understood or not wanted. */
  | 'refusal'
  | 'failure';

export function answerKind(status: number, headers: IncomingHttpHeaders): AnswerKind {
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 401 || status === 403) return 'denied';
  if (status === 429 || status === 503) return 'busy';
  if (status >= 500) return 'failure';
  if (status >= 400) return 'refusal';
  // We never say that we could read it, and a small body could hold endless zeros.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return 'compressed';
  const type = contentType(headers);
  if (type === 'application/json') return 'json';
  if (type === 'text/event-stream') return 'events';
  return type === '' || status === 202 || status === 204 ? 'empty' : 'page';
}

/** The media type without its parameters. */
export function contentType(headers: IncomingHttpHeaders): string {
  const type = headers['content-type'] ?? '';
  return type === 'application/json' ? type : (type.split(';')[0] ?? '').trim().toLowerCase();
}

/** Collects a body up to the limit and hands it out when it is whole; `tooLong` instead when it is longer. */
export function readBody(
  response: IncomingMessage,
  limit: number,
  done: (body: Buffer) => void,
  tooLong: (length: number) => void,
): void {
  const pile = createPile();
  let length = 0;
  const stated = Number(response.headers['content-length'] ?? 0);
  if (stated > limit) {
    tooLong(stated);
    response.destroy();
    return;
  }
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) return pile.add(chunk);
    tooLong(length);
    return response.destroy();
  });
  response.once('end', () => {
    if (length <= limit) done(pile.take());
  });
}

/** A body nobody wants is read all the same where it is short, so that its connection can serve the next request. */
export function discard(response: IncomingMessage): void {
  let left = worthReading;
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) response.destroy();
  });
}
const worthReading = 64 * 1024;

/** A wait a server asked for is kept, up to this. */
const longestWaitMs = 5 * 60_000;

/** The wait a `Retry-After` asks for (RFC 9110, section 10.2.3), and what is kept of it; null when it says nothing. */
export function retryAfter(
  value: string | undefined,
  now: number,
): { readonly asked: number; readonly kept: number } | null {
  if (value === undefined) return null;
  const isSeconds = /^\d{1,12}$/.test(value);
  if (!isSeconds && !/^[A-Z][a-z]{2}, .* GMT$/.test(value)) return null;
  const asked = isSeconds ? Number(value) * 1000 : Math.max(0, Date.parse(value) - now);
  return Number.isNaN(asked) ? null : { asked, kept: Math.min(asked, longestWaitMs) };
}
