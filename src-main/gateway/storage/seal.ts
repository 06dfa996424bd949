import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Bytes of a data key: AES-256. */
export const keyBytes = 32;

const nonceBytes = 12;
const tagBytes = 16;

/** A sealed text and the nonce it was sealed with; the authentication tag stands at the end. */
export interface Sealed {
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}

/** AES-256-GCM under a fresh random nonce. `bound` must be the same when it is opened. */
export function seal(key: Buffer, content: Buffer, bound: string): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(bound, 'utf8'));
  return { nonce, sealed: Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]) };
}

/** The content, or null when key, nonce, binding or a single bit is not what it was. */
export function unseal(key: Buffer, record: Sealed, bound: string): Buffer | null {
  const end = record.sealed.length - tagBytes;
  if (end < 0 || record.nonce.length !== nonceBytes) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, record.nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(bound, 'utf8'));
  decipher.setAuthTag(record.sealed.subarray(end));
  const head = decipher.update(record.sealed.subarray(0, end));
  try {
    return Buffer.concat([head, decipher.final()]);
  } catch {
    // final() throws on nothing but a wrong tag.
    return null;
  }
}
