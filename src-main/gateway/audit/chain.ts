import { hash } from 'node:crypto';

/** What stands before the first line there ever was. */
export const zeroHash = '0'.repeat(64);

/** A line's place in the chain. */
export interface Link {
  /** From 1, over all rotations. */
  readonly seq: number;
  /** Hash of the line before. */
  readonly prev: string;
  readonly hash: string;
}

/** `members` is the line so far, from its opening brace, without the closing one. Answers the whole line. */
export function linkLine(
  members: string,
  seq: number,
  prev: string,
): { readonly text: string; readonly hash: string } {
  const hashed = `${members},"seq":${seq},"prev":"${prev}"`;
  const own = hash('sha256', hashed);
  return { text: `${hashed},"hash":"${own}"}\n`, hash: own };
}

/**
 * The hash a line should have, over its bytes as they are; null where it has no place in the chain. The line is given
 * without its line feed.
 */
export function hashOfLine(bytes: Uint8Array): string | null {
  return readLink(bytes) === null ? null : hashOf(bytes);
}

/** As `hashOfLine`, of what is known to have a place. */
export function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes.subarray(0, bytes.length - hashMember));
}

/** What a line says of its own place; null where it is no part of the chain. Nothing inside a text can look like it. */
export function readLink(bytes: Uint8Array): Link | null {
  if (bytes.length < shortest || bytes[bytes.length - 1] !== closingBrace) return null;
  const { buffer, byteOffset, length } = bytes;
  const end = Buffer.from(buffer, byteOffset, length).toString('latin1', Math.max(0, length - longest));
  const found = linkPattern.exec(end);
  return found && { seq: Number(found[1]), prev: found[2] as string, hash: found[3] as string };
}

const linkPattern = /,"seq":([1-9]\d{0,14}),"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;
/** Bytes from `,"hash":` to the end. */
const hashMember = 75;
const shortest = 160;
const longest = 180;
const closingBrace = 0x7d;

/** Starts every line the log writes about itself: the first of a file, and what it has to say of lost lines. */
export const noteStart = '{"audit":2,';

export function isNote(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, noteStart.length)).equals(
    noteBytes,
  );
}

const noteBytes = Buffer.from(noteStart);
