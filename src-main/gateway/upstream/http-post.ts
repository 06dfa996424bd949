import type { ClientRequest, IncomingMessage } from 'node:http';
import { toNucleusError, type NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import type { Authorization } from './authorization.ts';
import type { Exchange } from './exchanges.ts';
import { discard } from './http-answer.ts';
import type { HttpClient, HttpTarget } from './http-client.ts';
import type { HttpErrors } from './http-errors.ts';

/** A server that restarts is away for a moment: waits before a request nobody took is tried again. */
const waitsMs = [100, 400, 1_500] as const;

/** Nobody waits for a notification, so it has a limit of its own: a server that never takes it must not collect connections. */
const noticeMs = 30_000;

/**
 * Posts messages. One is sent again only when it certainly was not read, because no connection came to be; or when it
 * is harmless and went out on a kept connection, which the server may have closed in that moment.
 */
export function createPoster(deps: {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly errors: HttpErrors;
  readonly authorization?: Authorization | undefined;
  target(): HttpTarget;
  /** Whether the server was there before, so that waiting for it is worth it. */
  isPatient(): boolean;
  onResponse(exchange: Exchange, response: IncomingMessage): void;
  onFailure(exchange: Exchange, error: NucleusError): void;
}): (exchange: Exchange) => void {
  const { client, clock, errors, authorization } = deps;

  function post(exchange: Exchange): void {
    const header = authorization?.current();
    if (header !== undefined || !authorization) return go(exchange, header ?? null);
    authorization.fresh().then(
      (fresh) => {
        if (!exchange.isDone) go(exchange, fresh);
      },
      (error: unknown) => deps.onFailure(exchange, toNucleusError(error)),
    );
  }

  function go(exchange: Exchange, header: string | null): void {
    const own = header === null ? exchange.headers : ['authorization', header, ...exchange.headers];
    const request = client.request(withHeaders(deps.target(), own), exchange.message);
    exchange.request = request;
    request.on('response', (response) => {
      if (isForAuthorization(response)) return denied(exchange, response, header);
      exchange.hasResponse = true;
      deps.onResponse(exchange, response);
    });
    request.on('error', (error) => failed(exchange, request, error));
    if (exchange.id === undefined) limit(exchange, request);
    request.end(exchange.message);
  }

  function isForAuthorization({ statusCode = 0, headers }: IncomingMessage): boolean {
    return authorization?.concerns(statusCode, headers['www-authenticate']) ?? false;
  }

  /** The server did not look at the request, so it may go out again with another token; once. */
  function denied(exchange: Exchange, response: IncomingMessage, sent: string | null): void {
    const { statusCode: status = 0, headers } = response;
    discard(response);
    // Whatever becomes of this connection says nothing about the request any more.
    exchange.request = null;
    const isSecond = exchange.isDenied;
    exchange.isDenied = true;
    authorization?.refused({ status, challenge: headers['www-authenticate'], sent, isSecond }).then(
      () => {
        if (!exchange.isDone) post(exchange);
      },
      (error: unknown) => deps.onFailure(exchange, toNucleusError(error)),
    );
  }

  function limit(exchange: Exchange, request: ClientRequest): void {
    const forget = clock.after(noticeMs, () => {
      deps.onFailure(exchange, errors.broken(new Error('took too long')));
      request.destroy();
    });
    request.once('close', forget);
  }

  function failed(exchange: Exchange, request: ClientRequest, error: NodeJS.ErrnoException): void {
    if (exchange.isDone || exchange.hasResponse || exchange.request !== request) return;
    if (!client.isEstablished(request)) {
      const unreachable = errors.unreachable(error);
      const wait = waitsMs[exchange.misses];
      if (wait === undefined || unreachable.code === 'UPSTREAM_TLS' || !deps.isPatient())
        return deps.onFailure(exchange, unreachable);
      exchange.misses += 1;
      clock.after(wait, () => {
        if (!exchange.isDone) post(exchange);
      });
      return;
    }
    if (!exchange.isHarmless || exchange.isRepeated || !request.reusedSocket)
      return deps.onFailure(exchange, errors.broken(error));
    exchange.isRepeated = true;
    // What else is kept is as old.
    client.closeIdle();
    post(exchange);
  }

  return post;
}

/** In front of the others: the length of the body stands last. */
function withHeaders(target: HttpTarget, more: readonly string[]): HttpTarget {
  return more.length === 0 ? target : { options: target.options, headers: [...more, ...target.headers] };
}
