import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Clock, Log } from '../platform.ts';
import { readEvents } from '../wire/events.ts';
import type { Authorization } from './authorization.ts';
import { answerKind, discard } from './http-answer.ts';

/** The wait before the stream is opened again grows from the first to the last of these. */
const shortestMs = 1_000;
const longestMs = 60_000;
/** A server may ask for less, but not for a storm. */
const leastMs = 100;
/** A stream that lived this long was fine; its end is the habit of some proxy. */
const fineAfterMs = 5_000;
/** So many that did not are told of. */
const manyFailures = 3;

/**
 * Keeps the GET stream of a session open, on which a server speaks without being asked (MCP 2025-11-25,
 * basic/transports, "Listening for Messages from the Server"). A server that has none is not asked again.
 */
export function listenToServer(deps: {
  readonly profile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limit: number;
  /** Asks for the stream; with the id of the last event seen, for what came after it. */
  open(lastEventId: string): ClientRequest;
  readonly authorization?: Pick<Authorization, 'fresh'> | undefined;
  onMessage(data: Buffer): void;
  /** The stream was there and now the server does not know its session. */
  onGone(): void;
}): { close(): void } {
  const { clock } = deps;
  let request: ClientRequest | null = null;
  let lastEventId = '';
  let retryMs: number | null = null;
  let failures = 0;
  let wasOpen = false;
  let isClosed = false;
  let forget = (): void => {};

  function open(): void {
    if (isClosed) return;
    const asked = deps.open(lastEventId);
    request = asked;
    let isOver = false;
    const over = (isFine: boolean): void => {
      if (isOver) return;
      isOver = true;
      again(isFine);
    };
    asked.on('response', (response) => follow(response, over));
    asked.on('error', () => over(false));
    asked.end();
  }

  function follow(response: IncomingMessage, over: (isFine: boolean) => void): void {
    const status = response.statusCode ?? 0;
    const kind = answerKind(status, response.headers);
    if (kind !== 'events') {
      discard(response);
      if (kind === 'busy' || kind === 'failure') return over(false);
      if (status === 401 && deps.authorization && failures < manyFailures) {
        // A token that ran out is renewed beside it; where only a person can, the calls say so.
        deps.authorization.fresh().catch(() => null);
        return over(false);
      }
      const isGone = status === 404 && wasOpen;
      close();
      if (isGone) deps.onGone();
      return;
    }
    wasOpen = true;
    const since = clock.now();
    readEvents(response, {
      limit: deps.limit,
      onEvent(data, name) {
        if (name === 'message') deps.onMessage(data);
      },
      // Nobody waits for what is said here; the next event is read again.
      onOverflow: () => {},
      onId: (id) => (lastEventId = id),
      onRetry: (milliseconds) => (retryMs = milliseconds),
    });
    const ended = (): void => over(clock.now() - since >= fineAfterMs);
    response.on('end', ended);
    response.on('error', ended);
  }

  function again(isFine: boolean): void {
    if (isClosed) return;
    failures = isFine ? 0 : failures + 1;
    if (failures === manyFailures)
      deps.log.warn('upstream ends its stream of news again and again; it is asked for less and less often', {
        profile: deps.profile,
      });
    const growing = Math.min(longestMs, shortestMs * 2 ** Math.max(0, failures - 1));
    const asked = retryMs === null ? null : Math.max(leastMs, Math.min(retryMs, longestMs));
    // What the server asks for holds while it is there: a stream it ends at once, again and again, comes back slower.
    forget = clock.after(asked !== null && failures <= 3 ? asked : growing, open);
  }

  function close(): void {
    isClosed = true;
    forget();
    request?.destroy();
  }

  open();
  return { close };
}
