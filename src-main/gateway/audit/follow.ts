import { stat } from 'node:fs/promises';
import { closeLogFiles, openLogFiles, type LogFile } from './open-files.ts';
import type { AuditFilter } from './match.ts';
import { readFile, type AuditPlace, type AuditReading } from './read.ts';

export interface Followed extends AuditReading {
  /** Whether files went away before they were read, because more was written than is kept. */
  readonly isGap: boolean;
}

/**
 * What is written behind a place, as it comes, through any number of rotations. Ends when `pause` answers false: it is
 * what waits between two looks.
 */
export async function* followAudit(
  path: string,
  filter: AuditFilter,
  from: AuditPlace | null,
  pause: () => Promise<boolean>,
): AsyncGenerator<Followed> {
  let place = from;
  for (; await pause();) {
    if (await isUnchanged(path, place)) continue;
    const files = await openLogFiles(path);
    try {
      const known = files.findIndex((file) => isAt(file, place));
      let isGap = place !== null && known < 0 && files.length > 0;
      const newest = files.at(-1);
      for (const file of files.slice(Math.max(0, known))) {
        const begun = place && isAt(file, place) && file.size >= place.offset ? place.offset : 0;
        // What a file that is done ends with will get no end any more.
        const options = { from: begun, withTail: file !== newest };
        place = { node: file.node, head: file.head, offset: begun };
        for await (const { found, malformed, end } of readFile(file, filter, options)) {
          place = { node: file.node, head: file.head, offset: end };
          yield { found, malformed, isGap };
          isGap = false;
        }
      }
    } finally {
      await closeLogFiles(files);
    }
  }
}

function isAt({ node, head }: LogFile, place: AuditPlace | null): boolean {
  return node === place?.node && (place.head === null || place.head === head);
}

async function isUnchanged(path: string, place: AuditPlace | null): Promise<boolean> {
  try {
    const { dev, ino, size } = await stat(path, { bigint: true });
    return place !== null && place.node === `${dev}-${ino}` && Number(size) === place.offset;
  } catch {
    // Rotated away and not begun anew, or not written yet: what has to be read tells by itself.
    return false;
  }
}
