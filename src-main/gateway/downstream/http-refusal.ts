import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpStatus, type NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { encode, errorObject, type Id } from '../wire/frame.ts';

/** How long a client may go on sending a body that was refused. */
const refusedMs = 5_000;

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
  request.resume();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
