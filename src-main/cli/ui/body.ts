import type { IncomingMessage } from 'node:http';
import { NucleusError } from '../../../src-shared/errors.ts';

/** The longest text the page may send is a policy to be checked; JSON may double it. */
const maxBytes = 24 * 1024 * 1024;

/** The body of a request as JSON; rejects with what to answer. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json(?:;\s*charset=utf-8)?$/i.test(type))
    throw new NucleusError('CONTENT_TYPE_REFUSED', 'a question has to come as application/json');
  const tooLong = new NucleusError('BODY_TOO_LARGE', 'that is more than one question may hold (24 MiB)');
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new NucleusError('PARSE_FAILED', 'the question is no JSON');
  }
}
