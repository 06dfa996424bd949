import { NucleusError } from '../../../src-shared/errors.ts';
import { errorResult, type CallKind } from '../routing/dispatch.ts';
import { errorObject } from '../wire/frame.ts';
import { replySize, type Reply } from '../wire/reply.ts';

/** What a client is told instead of an answer it could not take in one message; null for one it can take. */
export function tooLarge(
  reply: Reply,
  kind: CallKind,
  profile: string,
  limit: number,
): { readonly result: object } | { readonly error: object } | null {
  if (replySize(reply) <= limit) return null;
  const size = (replySize(reply) / 1024 / 1024).toFixed(1);
  const error = new NucleusError(
    'RESULT_TOO_LARGE',
    `the answer of ${profile} is ${size} MiB, more than this client takes in one message; ask for less, or raise client.max_message_mib in config.toml`,
    { profile },
  );
  return kind === 'tool' ? { result: errorResult(error) } : { error: errorObject(error) };
}
