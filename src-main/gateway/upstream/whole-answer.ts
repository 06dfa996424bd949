import type { IncomingMessage } from 'node:http';
import type { NucleusError } from '../../../src-shared/errors.ts';
import { isObject, parseJson, type Params } from '../wire/frame.ts';
import type { Exchange } from './exchanges.ts';
import { contentType, discard, readBody } from './http-answer.ts';
import type { HttpErrors } from './http-errors.ts';

/** A refusal is short. */
const refusalBytes = 1024 * 1024;

/** Reads an answer that is one JSON document. */
export function readAnswer(
  exchange: Exchange,
  response: IncomingMessage,
  deps: {
    readonly limit: number;
    readonly errors: HttpErrors;
    deliver(message: Buffer, via: Exchange): void;
    lose(exchange: Exchange, error: NucleusError): void;
  },
): void {
  const { errors, lose } = deps;
  response.on('error', (error) => {
    if (!exchange.isDone) lose(exchange, errors.broken(error));
  });
  readBody(
    response,
    deps.limit,
    (body) => {
      if (body.length > 0) deps.deliver(body, exchange);
      if (exchange.isDone) return;
      if (body.length === 0) lose(exchange, errors.answered('empty', response.statusCode ?? 0, {}));
      else lose(exchange, errors.malformed(parseJson(body) !== undefined));
    },
    (length) => lose(exchange, errors.tooLarge(length)),
  );
}

/** What came with an error status. */
export interface Refusal {
  /** The whole body; null when there was none that could be read. */
  readonly body: Buffer | null;
  /** The JSON-RPC error in it. */
  readonly error: Params | null;
  /** It answers the request under its own id. */
  readonly isAnswer: boolean;
}

/** An error status may come with the answer to the request, with the words of a server, or with a page. */
export function readRefusal(
  exchange: Exchange,
  response: IncomingMessage,
  limit: number,
  done: (refusal: Refusal) => void,
): void {
  const refuse = (body: Buffer | null): void => {
    if (exchange.isDone) return;
    const message = body && parseJson(body);
    const error = isObject(message) && isObject(message['error']) ? message['error'] : null;
    done({ body, error, isAnswer: error !== null && isObject(message) && message['id'] === exchange.id });
  };
  if (contentType(response.headers) !== 'application/json') {
    discard(response);
    return refuse(null);
  }
  response.on('error', () => refuse(null));
  readBody(response, Math.min(limit, refusalBytes), refuse, () => refuse(null));
}
