import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { isObject, parseJson } from '../frame.ts';

/** Where a call stands that waits for answers. */
export interface RequestState {
  readonly call: string;
  readonly round: number;
}

/** Seals what a client carries for us between two requests: it can be neither read, nor changed, nor used for another call. */
export interface RequestStates {
  seal(state: RequestState, binding: string): string;
  /** Null for what is not ours, was changed, or belongs to another call. */
  open(sealed: unknown, binding: string): RequestState | null;
}

const nonceBytes = 12;
const tagBytes = 16;
const maxLength = 1_000;

/** The key lives as long as the process: what it sealed means nothing to the next one, which has no such calls. */
export function createRequestStates(random: (bytes: number) => Buffer = randomBytes): RequestStates {
  const key = random(32);
  return {
    seal(state, binding) {
      const nonce = random(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(binding));
      const text = Buffer.concat([cipher.update(JSON.stringify(state)), cipher.final()]);
      return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, binding) {
      if (typeof sealed !== 'string' || sealed.length > maxLength) return null;
      const bytes = Buffer.from(sealed, 'base64url');
      // The decoder skips what is not Base64, so a changed text could stand for the same bytes.
      if (bytes.length <= nonceBytes + tagBytes || bytes.toString('base64url') !== sealed) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(binding))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = Buffer.concat([
          decipher.update(bytes.subarray(nonceBytes, -tagBytes)),
          decipher.final(),
        ]);
        return parseJson(text) as RequestState;
      } catch {
        // Its tag does not fit.
        return null;
      }
    },
  };
}

/** What a request must have in common with the one it continues. */
export function bindingOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts, sorted)).digest('base64url');
}

/** The order of members means nothing in JSON. */
function sorted(_key: string, value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
