import type { FileHandle } from 'node:fs/promises';

/** Read at once; also what is made of it before others get their turn. */
const chunkBytes = 64 * 1024;
/** A line longer than this is passed over instead of held in memory. */
export const maxLineBytes = 16 * 1024 * 1024;

export interface Line {
  /** Where it begins in its file. */
  readonly start: number;
  /** Without its end; null where it is too long. */
  readonly bytes: Buffer | null;
  /** Its end included. */
  readonly length: number;
}

/**
 * The lines of a file from a place on, a chunk of them at a time. Only `\n` ends a line: JSON allows U+2028 inside a
 * text. What stands behind the last end may still be being written, and comes only `withTail`.
 */
export async function* linesOf(
  file: FileHandle,
  { from = 0, withTail = false }: { readonly from?: number; readonly withTail?: boolean } = {},
): AsyncGenerator<readonly Line[]> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let start = from;
  const take = (piece: Buffer, length: number): Line => {
    const isTooLong = begunBytes + piece.length > maxLineBytes;
    const bytes = isTooLong ? null : begun.length === 0 ? piece : Buffer.concat([...begun, piece]);
    const line = { start, bytes, length };
    start += length;
    begun = [];
    begunBytes = 0;
    return line;
  };
  for (let at = from; ;) {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    const lines: Line[] = [];
    let place = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, place)) {
      const piece = chunk.subarray(place, end);
      lines.push(take(piece, begunBytes + piece.length + 1));
      place = end + 1;
    }
    if (place < bytesRead) {
      begunBytes += bytesRead - place;
      if (begunBytes > maxLineBytes) begun = [];
      else begun.push(chunk.subarray(place));
    }
    if (lines.length > 0) yield lines;
  }
  if (withTail && begunBytes > 0) yield [take(Buffer.alloc(0), begunBytes)];
}
