import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { RequestState, RequestStates } from '../wire/eras/new-old.ts';
import { parseJson } from '../wire/frame.ts';

const nonceBytes = 12;
const tagBytes = 16;
const maxLength = 1_000;

/**
 * Seals what a client carries for us between two requests. The key lives as long as the process: what it sealed means
 * nothing to the next one, which has no such calls.
 */
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
