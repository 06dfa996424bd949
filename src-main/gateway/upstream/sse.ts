import type { ClientRequest, IncomingMessage } from 'node:http';
import { toNucleusError, type NucleusError } from '../../../src-shared/errors.ts';
import { readEvents } from '../wire/events.ts';
import { authorizationHeader } from './authorization.ts';
import { createExchanges, type Exchange } from './exchanges.ts';
import { answerKind, contentType, discard, retryAfter } from './http-answer.ts';
import { commonHeaders, createHttpClient } from './http-client.ts';
import { createHttpErrors } from './http-errors.ts';
import { createPoster } from './http-post.ts';
import type { HttpOptions } from './http.ts';
import { unheard, type Transport } from './transport.ts';

/**
 * The HTTP+SSE transport of MCP 2024-11-05: one GET stream for all that the server says, its first event names the
 * address each message is posted to. The stream is the session; without it nothing open can be answered.
 */
export function openSse(
  options: HttpOptions & {
    /** Where messages are posted to, when the server's own word on it is not to be used. */
    readonly messageUrl: URL | null;
  },
): Transport {
  const { url, limit, clock, authorization } = options;
  const client = createHttpClient(url, clock);
  const errors = createHttpErrors(options);
  const own = commonHeaders(options.headers, 'application/json, text/event-stream');
  const exchanges = createExchanges(() => transport);
  const { lose } = exchanges;
  let target = client.target('POST', options.messageUrl ?? url, own);
  /** What has to wait until the stream stands; null from then on. */
  let waiting: Exchange[] | null = [];
  let isStale = false;
  let isEnded = false;

  const post = createPoster({
    client,
    clock,
    errors,
    authorization,
    target: () => target,
    isPatient: () => true,
    onResponse: receive,
    onFailure: lose,
  });

  function end(kind: 'asked' | 'exited', what: string): void {
    if (isEnded) return;
    isEnded = true;
    exchanges.close();
    stream.destroy();
    client.close();
    transport.onEnd({ kind, what });
  }

  /** The stream did not come to be, so none of what waits for it was sent. */
  function fail(error: NucleusError): void {
    for (const exchange of waiting ?? []) lose(exchange, error);
    end('exited', 'could not be reached');
  }

  function listen(isSecond = false): ClientRequest {
    const request = client.request(
      client.target('GET', url, [
        ...commonHeaders(options.headers, 'text/event-stream'),
        ...authorizationHeader(authorization),
      ]),
    );
    const sent = authorization?.current() ?? null;
    let hasResponse = false;
    request.on('response', (response) => {
      hasResponse = true;
      const status = response.statusCode ?? 0;
      const kind = answerKind(status, response.headers);
      if (kind === 'events') return read(response);
      discard(response);
      const challenge = response.headers['www-authenticate'];
      if (authorization?.concerns(status, challenge))
        return void authorization.refused({ status, challenge, sent, isSecond }).then(
          () => {
            if (!isEnded) stream = listen(true);
          },
          (error: unknown) => fail(toNucleusError(error)),
        );
      return fail(
        kind === 'busy'
          ? errors.busy(status, retryAfter(response.headers['retry-after'], clock.now()))
          : errors.answered(kind === 'json' ? 'page' : kind, status, { type: contentType(response.headers) }),
      );
    });
    request.on('error', (error) => {
      if (isEnded || hasResponse) return;
      fail(client.isEstablished(request) ? errors.broken(error) : errors.unreachable(error));
    });
    request.end();
    return request;
  }

  function read(response: IncomingMessage): void {
    readEvents(response, {
      limit,
      onEvent(data, name) {
        if (name === 'endpoint') meet(data.toString('utf8'));
        else if (name === 'message') exchanges.deliver(data);
      },
      onOverflow: (head, tail, length) => transport.onOverflow(head, tail, length),
    });
    response.on('end', () => end('exited', 'ended its event stream'));
    response.on('error', (error: NodeJS.ErrnoException) =>
      end('exited', `broke off its event stream (${error.code ?? error.message})`),
    );
    if (options.messageUrl) begin();
  }

  /** The profile's credentials go where messages go, so that must be the origin they were given for. */
  function meet(address: string): void {
    if (!waiting || options.messageUrl) return;
    const endpoint = URL.canParse(address, url.href) ? new URL(address, url.href) : null;
    if (endpoint?.origin !== url.origin)
      return fail(
        errors.failure(
          'UPSTREAM_PROTOCOL',
          `wants messages at another origin (${endpoint?.origin ?? 'no address'}), where nothing is sent; check the URL of the connector`,
          { detail: 'other-origin', outcome: 'not-run' },
        ),
      );
    target = client.target('POST', endpoint, own);
    begin();
  }

  function begin(): void {
    const held = waiting ?? [];
    waiting = null;
    for (const exchange of held) if (!exchange.isDone) post(exchange);
  }

  /** The answer to a POST says only whether the message was taken. */
  function receive(exchange: Exchange, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const kind = answerKind(status, response.headers);
    discard(response);
    if (status < 300 && exchange.id === undefined) exchanges.pass(exchange);
    if (status < 300 || exchange.isDone) return;
    if (status === 404) {
      if (!isStale) transport.onStale('ended the session (HTTP 404)');
      isStale = true;
      return lose(exchange, errors.sessionGone(status));
    }
    const type = contentType(response.headers);
    if (kind === 'busy')
      lose(exchange, errors.busy(status, retryAfter(response.headers['retry-after'], clock.now())));
    else lose(exchange, errors.answered(kind, status, { type }));
  }

  const transport: Transport = {
    pid: null,
    isHttp: true,
    onlyEra: 'legacy',
    ...unheard,
    stderrTail: () => '',
    send(message, id, isHarmless) {
      if (isEnded || (isStale && id !== undefined)) return false;
      const exchange = exchanges.begin(id, message, isHarmless);
      if (waiting) waiting.push(exchange);
      else post(exchange);
      return true;
    },
    abandon: exchanges.abandon,
    close: async () => end('asked', 'was closed'),
  };
  let stream = listen();
  return transport;
}
