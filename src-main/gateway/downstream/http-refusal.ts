import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpStatus, type NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { encode, errorObject, type Id } from '../wire/frame.ts';

/** How long, and how much, a client may go on sending of a body that was refused. */
const refusedMs = 2_000;
const refusedBytes = 4 * 1024 * 1024;

/** Answers a request with an error. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: NucleusError,
  options: {
    readonly clock: Clock;
    /** Of the JSON-RPC request, where it could be read. */
    readonly id: Id | null;
    /** The connection takes no further request. */
    readonly isLast: boolean;
  },
): void {
  const text = encode({ id: options.id, error: errorObject(error) });
  const isSending = !request.complete && hasBody(request);
  if (options.isLast || isSending) response.setHeader('connection', 'close');
  response.writeHead(httpStatus(error.code), {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  if (!isSending) return void response.end(text);
  // With its end the connection would be reset, and a client still sending would not come to read why.
  response.write(text);
  const forget = options.clock.after(refusedMs, () => request.destroy());
  response.once('close', forget);
  request.once('end', () => response.end());
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    // What is read away is held until the next collection of garbage, so there is an end to it.
    if (length > refusedBytes) request.pause();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
