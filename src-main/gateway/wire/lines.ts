import type { Readable } from 'node:stream';
import { createPile } from './pile.ts';

const newline = 0x0a;
/** How much of both ends of an over-long line is kept: enough to find a JSON-RPC id at its head or tail. */
const keptBytes = 256;

export interface LineOptions {
  /** Longest line in bytes; a longer one is skipped to its end without being held in memory. */
  readonly limit: number;
  /** Hands out empty lines too: in an event stream they mean something. */
  readonly keepEmpty?: boolean;
  onLine(line: Buffer): void;
  onOverflow(head: Buffer, tail: Buffer, length: number): void;
}

/**
 * Cuts a byte stream into newline-delimited messages (MCP stdio framing). Chunks are joined once per line, so the
 * time is linear in the bytes however they arrive. Empty lines are dropped; a CR before the newline is cut off.
 */
export function readLines(stream: Readable, options: LineOptions): void {
  const pile = createPile();
  let held = 0;
  let overflow: { head: Buffer; tail: Buffer; length: number } | null = null;

  const keep = (part: Buffer): void => {
    if (part.length === 0) return;
    if (overflow) {
      overflow.tail = Buffer.concat([overflow.tail, part.subarray(-keptBytes)]).subarray(-keptBytes);
      overflow.length += part.length;
      return;
    }
    pile.add(part);
    held += part.length;
    if (held <= options.limit) return;
    const line = pile.take();
    overflow = {
      head: Buffer.from(line.subarray(0, keptBytes)),
      tail: Buffer.from(line.subarray(-keptBytes)),
      length: held,
    };
    held = 0;
  };

  const finish = (): void => {
    if (overflow) {
      const { head, tail, length } = overflow;
      overflow = null;
      options.onOverflow(head, withoutReturn(tail), length);
      return;
    }
    if (held === 0) {
      if (options.keepEmpty) options.onLine(Buffer.alloc(0));
      return;
    }
    const line = withoutReturn(pile.take());
    held = 0;
    if (line.length > 0 || options.keepEmpty) options.onLine(line);
  };

  stream.on('data', (chunk: Buffer) => {
    let from = 0;
    let end = chunk.indexOf(newline);
    while (end >= 0) {
      keep(chunk.subarray(from, end));
      finish();
      from = end + 1;
      end = chunk.indexOf(newline, from);
    }
    keep(chunk.subarray(from));
  });
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === 0x0d ? line.subarray(0, -1) : line;
}
