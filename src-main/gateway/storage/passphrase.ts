import { randomBytes, scrypt } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { readTextIfExists } from './files.ts';
import { keyBytes, seal, unseal } from './seal.ts';

const credentialName = 'nucleus-vault-passphrase';
const bound = 'nucleus data key';
/** 128 MiB and about a third of a second for each guess. */
const strength = { n: 2 ** 17, r: 8, p: 1 };

/** A data key sealed by a passphrase, as the registry keeps it. The bounds keep a tampered row from eating the memory. */
export const WrappedKey = z.object({
  salt: z.base64(),
  n: z
    .int()
    .min(2 ** 14)
    .max(2 ** 20)
    .refine((n) => Number.isInteger(Math.log2(n))),
  r: z.int().min(1).max(8),
  p: z.int().min(1).max(4),
  nonce: z.base64(),
  wrapped: z.base64(),
});
export type WrappedKey = z.infer<typeof WrappedKey>;

/** A passphrase and where it came from, or why a named one cannot be had; null when the environment names none. */
export type FoundPassphrase =
  { readonly text: string; readonly from: string } | { readonly problem: string } | null;

/** Looks for the passphrase: a named file, a service credential of systemd, and last the plain variable. */
export function findPassphrase(env: Readonly<Record<string, string | undefined>>): FoundPassphrase {
  const file = env['NUCLEUS_VAULT_PASSPHRASE_FILE'];
  if (file) return fromFile(file, 'NUCLEUS_VAULT_PASSPHRASE_FILE', true);
  const folder = env['CREDENTIALS_DIRECTORY'];
  const credential = folder ? fromFile(join(folder, credentialName), 'CREDENTIALS_DIRECTORY', false) : null;
  if (credential !== null) return credential;
  const text = env['NUCLEUS_VAULT_PASSPHRASE'];
  return text ? { text, from: 'NUCLEUS_VAULT_PASSPHRASE' } : null;
}

/** Seals the data key by a passphrase. */
export async function wrapKey(key: Buffer, passphrase: string): Promise<WrappedKey> {
  const salt = randomBytes(16);
  const { nonce, sealed } = seal(await derive(passphrase, salt, strength), key, bound);
  return {
    salt: salt.toString('base64'),
    ...strength,
    nonce: nonce.toString('base64'),
    wrapped: sealed.toString('base64'),
  };
}

/** The data key, or null when the passphrase is not the one it was sealed by. */
export async function unwrapKey(wrapped: WrappedKey, passphrase: string): Promise<Buffer | null> {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  const secret = await derive(passphrase, bytes(wrapped.salt), wrapped);
  const key = unseal(secret, { nonce: bytes(wrapped.nonce), sealed: bytes(wrapped.wrapped) }, bound);
  return key?.length === keyBytes ? key : null;
}

function fromFile(path: string, from: string, required: boolean): FoundPassphrase {
  try {
    const content = readTextIfExists(path);
    if (content === null) return required ? { problem: `${from} names ${path}, which does not exist` } : null;
    // An editor or echo ends the line; the passphrase itself has no line break.
    const text = content.replace(/\r?\n$/, '');
    return text === '' ? { problem: `the passphrase file ${path} (${from}) is empty` } : { text, from };
  } catch (error) {
    return { problem: `the passphrase file of ${from} cannot be read: ${(error as Error).message}` };
  }
}

function derive(
  passphrase: string,
  salt: Buffer,
  cost: { n: number; r: number; p: number },
): Promise<Buffer> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
