import type { IncomingMessage } from 'node:http';
import { NucleusError } from '../../../src-shared/errors.ts';
import { createPile } from '../wire/pile.ts';

/** Clients say how long a body is; one that does not has to be held to be judged, so it may be this long only. */
const unstatedBytes = 4 * 1024 * 1024;
/** A client may have so many longest bodies on their way at once. */
const bodiesAtOnce = 2;

/** Hands out the body of a request once it is there, or why it is not taken as soon as that is known. */
export type ReadBody = (
  principal: string,
  request: IncomingMessage,
  done: (body: Buffer | NucleusError) => void,
) => void;

/** Reads bodies of at most `limit` bytes; of one that is refused nothing is held, though the client may go on sending. */
export function createBodyReader(limit: number): ReadBody {
  /** Bytes of unfinished bodies, by who sends them. */
  const held = new Map<string, number>();

  function hold(principal: string, bytes: number): number {
    const sum = (held.get(principal) ?? 0) + bytes;
    if (sum > 0) held.set(principal, sum);
    else held.delete(principal);
    return sum;
  }

  return (principal, request, done) => {
    const stated = request.headers['content-length'];
    const longest = stated === undefined ? Math.min(limit, unstatedBytes) : limit;
    if (Number(stated ?? 0) > limit) return done(tooLong(longest));
    const pile = createPile();
    let length = 0;
    let isOver = false;
    const release = (): void => {
      if (isOver) return;
      isOver = true;
      hold(principal, -length);
    };
    request.on('data', (chunk: Buffer) => {
      if (isOver) return;
      length += chunk.length;
      pile.add(chunk);
      const sum = hold(principal, chunk.length);
      if (length <= longest && sum <= bodiesAtOnce * limit) return;
      release();
      pile.clear();
      done(length > longest ? tooLong(longest) : tooMany(bodiesAtOnce * limit));
    });
    request.once('end', () => {
      if (isOver) return;
      release();
      done(pile.take());
    });
    // A request that breaks off before its end is answered by nobody.
    request.once('close', release);
  };
}

function tooLong(limit: number): NucleusError {
  return new NucleusError(
    'BODY_TOO_LARGE',
    limit === unstatedBytes
      ? `the message is longer than ${mebibytes(limit)} MiB and does not say how long it is; send it with a content-length`
      : `the message is longer than the ${mebibytes(limit)} MiB that upstream.max_frame_mib in config.toml lets through; send less`,
  );
}

function tooMany(limit: number): NucleusError {
  return new NucleusError(
    'BODY_TOO_LARGE',
    `this client has more than ${mebibytes(limit)} MiB of messages on their way; send one after the other`,
  );
}

function mebibytes(bytes: number): string {
  return String(Math.round((bytes / 1024 / 1024) * 10) / 10);
}
