import type { Readable } from 'node:stream';
import { readLines } from './lines.ts';
import { createPile } from './pile.ts';

export interface EventOptions {
  /** Longest data of one event, in bytes; a longer event is dropped and reported. */
  readonly limit: number;
  /** The data of one event and its name; one without data says nothing and is not handed out. */
  onEvent(data: Buffer, name: string): void;
  /** Both ends of the data of an event over the limit. */
  onOverflow(head: Buffer, tail: Buffer, length: number): void;
  /** The id of an event, also of one without data: where a stream that breaks can be taken up again. */
  onId?(id: string): void;
  /** How long the server wants a client to wait before it connects again, in milliseconds. */
  onRetry?(milliseconds: number): void;
}

const colon = 0x3a;
const space = 0x20;
const keptBytes = 256;
const none: Buffer = Buffer.alloc(0);
const newline: Buffer = Buffer.from('\n');

/** Reads a server-sent event stream (WHATWG HTML, section 9.2). */
export function readEvents(stream: Readable, options: EventOptions): void {
  const pile = createPile();
  /** Bytes of the event's lines so far, each with the newline that joins it to the next. */
  let length = 0;
  let head = none;
  let tail = none;
  let name = 'message';
  let id: string | null = null;

  const take = (size: number, first: Buffer, last: Buffer): void => {
    if (length === 0) head = first.subarray(0, keptBytes);
    else pile.add(newline);
    pile.add(first);
    tail = last.subarray(-keptBytes);
    length += size + 1;
    // Of an event that became too long nothing is held, and nothing handed out: half of it could look whole.
    if (length - 1 > options.limit) pile.clear();
  };

  const dispatch = (): void => {
    const size = length - 1;
    const data = pile.take();
    const called = name;
    if (id !== null) options.onId?.(id);
    length = 0;
    name = 'message';
    id = null;
    if (size > options.limit) options.onOverflow(head, tail, size);
    else if (data.length > 0) options.onEvent(data, called);
  };

  readLines(stream, {
    limit: options.limit,
    keepEmpty: true,
    onOverflow(first, last, size) {
      take(size, isField(first, 'data') ? valueOf(first, 4) : first, last);
    },
    onLine(line) {
      if (line.length === 0) return dispatch();
      if (isField(line, 'data')) {
        const data = valueOf(line, 4);
        take(data.length, data, data);
      } else if (isField(line, 'event')) name = valueOf(line, 5).toString('utf8');
      else if (isField(line, 'id')) id = idOf(valueOf(line, 2)) ?? id;
      else if (isField(line, 'retry')) {
        const digits = valueOf(line, 5).toString('latin1');
        if (/^\d{1,9}$/.test(digits)) options.onRetry?.(Number(digits));
      }
    },
  });
}

function isField(line: Buffer, field: string): boolean {
  const { length } = field;
  return (line.length === length || line[length] === colon) && line.toString('latin1', 0, length) === field;
}

function valueOf(line: Buffer, field: number): Buffer {
  return line.subarray(line[field + 1] === space ? field + 2 : field + 1);
}

/** As it will stand in a header: each byte one character. What no header can hold, or only a long one, is no id. */
function idOf(value: Buffer): string | null {
  const id = value.toString('latin1');
  return id.length <= 1_024 && /^[\x20-\x7e\x80-\xff]*$/.test(id) ? id : null;
}
