import type { Message } from './session.ts';

/** What was sent on the event streams of one session, so that a client whose stream broke reads on where it was. */
export interface EventLog {
  /** The event of a message on a stream, as bytes; kept within the limits. */
  add(stream: number, message: Message): Buffer;
  /** What followed an event on its stream; null when that is not known any more. */
  after(id: string): { readonly stream: number; readonly events: readonly Buffer[] } | null;
}

interface Stream {
  events: { readonly position: number; readonly bytes: Buffer }[];
  /** The last event that was let go. */
  droppedTo: number;
}

/** What keeping an event costs beside its bytes. */
const overhead = 200;

const idShape = /^(\d{1,10})-(\d{1,15})$/;

/** Keeps at most so many bytes; the streams begun first go first. */
export function createEventLog(maxBytes: number): EventLog {
  const streams = new Map<number, Stream>();
  let held = 0;
  let position = 0;

  function shrink(): void {
    for (const [number, stream] of streams) {
      while (held > maxBytes) {
        const oldest = stream.events.shift();
        if (!oldest) break;
        held -= oldest.bytes.length + overhead;
        stream.droppedTo = oldest.position;
      }
      if (held <= maxBytes) return;
      streams.delete(number);
    }
  }

  return {
    add(number, message) {
      position += 1;
      const bytes = encodeEvent(message, `${number}-${position}`);
      // One that was let go altogether begins anew, and what it had before is missing.
      const stream = streams.get(number) ?? { events: [], droppedTo: position - 1 };
      streams.set(number, stream);
      stream.events.push({ position, bytes });
      held += bytes.length + overhead;
      shrink();
      return bytes;
    },
    after(id) {
      const [, number, last] = idShape.exec(id) ?? [];
      const stream = streams.get(Number(number));
      if (!stream || Number(last) < stream.droppedTo) return null;
      return {
        stream: Number(number),
        events: stream.events.filter((event) => event.position > Number(last)).map(({ bytes }) => bytes),
      };
    },
  };
}

/** One server-sent event (WHATWG HTML, section 9.2); an empty message makes one that only tells its id. */
export function encodeEvent(message: Message, id?: string): Buffer {
  const parts = message.map((part) => withoutReturns(typeof part === 'string' ? Buffer.from(part) : part));
  return Buffer.concat([
    Buffer.from(id === undefined ? 'data: ' : `id: ${id}\ndata: `),
    ...parts,
    Buffer.from('\n\n'),
  ]);
}

/** A carriage return ends a line in an event stream; in JSON it stands between tokens only, where a space means the same. */
function withoutReturns(part: Uint8Array): Uint8Array {
  return part.includes(0x0d) ? part.map((byte) => (byte === 0x0d ? 0x20 : byte)) : part;
}
