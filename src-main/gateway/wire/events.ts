import type { Readable } from 'node:stream';
import { readLines } from './lines.ts';

/**
 * Reads a server-sent event stream (WHATWG HTML, section 9.2) and hands out the data of each event. Names, ids and
 * retry times are left to who needs them; an event over the limit is dropped and reported by its size.
 */
export function readEvents(
  stream: Readable,
  options: { readonly limit: number; onData(data: Buffer): void; onOverflow(length: number): void },
): void {
  let parts: Buffer[] = [];
  /** Bytes of the event's lines so far, each with the newline that joins it to the next. */
  let length = 0;

  const take = (size: number, data: Buffer | null): void => {
    length += size + 1;
    // Of an event that became too long nothing is held, and nothing handed out: half of it could look whole.
    if (length - 1 > options.limit) parts = [];
    else if (data) parts.push(data);
  };

  readLines(stream, {
    limit: options.limit,
    keepEmpty: true,
    onOverflow: (_head, _tail, size) => take(size, null),
    onLine(line) {
      if (line.length > 0) {
        const data = dataOf(line);
        if (data) take(data.length, data);
        return;
      }
      const event = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(joined(parts));
      const size = length - 1;
      parts = [];
      length = 0;
      if (size > options.limit) options.onOverflow(size);
      else if (event.length > 0) options.onData(event);
    },
  });
}

function dataOf(line: Buffer): Buffer | null {
  if (line.toString('latin1', 0, 5) !== 'data:') return null;
  return line.subarray(line[5] === 0x20 ? 6 : 5);
}

function joined(parts: readonly Buffer[]): Buffer[] {
  const newline = Buffer.from('\n');
  return parts.flatMap((part, index) => (index === 0 ? [part] : [newline, part]));
}
