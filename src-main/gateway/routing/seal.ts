import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { parseJson } from '../wire/frame.ts';

const nonceBytes = 12;
const tagBytes = 16;
const maxLength = 1_000;

/** What a client carries for us between two requests: it can be neither read, nor changed, nor used for anything else. */
export interface Seal<T> {
  /** `binding` says what it is for; only the same opens it. */
  seal(state: T, binding: string): string;
  /** Null for what is not ours, was changed, or is for something else. */
  open(sealed: unknown, binding: string): T | null;
}

/** The key lives as long as the process: what it sealed means nothing to the next one. */
export function createSeal<T>(random: (bytes: number) => Buffer = randomBytes): Seal<T> {
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
        return parseJson(text) as T;
      } catch {
        // Its tag does not fit.
        return null;
      }
    },
  };
}
