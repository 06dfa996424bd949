import type { IncomingMessage } from 'node:http';
import type { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import { isObject, parseJson } from '../wire/frame.ts';
import { createAnswerStreams } from './answer-stream.ts';
import { authorizationHeader, type Authorization } from './authorization.ts';
import { createExchanges, type Exchange } from './exchanges.ts';
import { answerKind, contentType, discard, retryAfter, type AnswerKind } from './http-answer.ts';
import { commonHeaders, createHttpClient, type HttpMethod, type HttpTarget } from './http-client.ts';
import { createHttpErrors } from './http-errors.ts';
import { createPoster } from './http-post.ts';
import { listenToServer } from './listening.ts';
import { unheard, type Transport } from './transport.ts';
import { readAnswer, readRefusal, type Refusal } from './whole-answer.ts';

/** How long an endpoint may take to answer the farewell, and to take the word that requests wait for. */
const farewellMs = 1_000;
const introductionMs = 2_000;

export interface HttpOptions {
  readonly profile: string;
  readonly url: URL;
  /** By lower-case name; they may hold secrets and go to this origin only. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must not be repeated in a sentence. */
  readonly secrets: readonly string[];
  /** Where a person signed in, or may have to. */
  readonly authorization?: Authorization | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest single message, in bytes. */
  readonly limit: number;
}

/**
 * The Streamable HTTP transport of the legacy era (MCP 2025-11-25, basic/transports): one POST a message, answered
 * with JSON or with an event stream. No redirect is followed: the profile's credentials belong to the origin named.
 */
export function openHttp(
  options: HttpOptions & {
    /** The endpoint turned initialize down as one of the older transport does; true: somebody else answers it now. */
    onUnspoken?(message: string, id: number, error: NucleusError): boolean;
  },
): Transport {
  const { url, limit, clock, authorization } = options;
  const client = createHttpClient(url, clock);
  const errors = createHttpErrors(options);
  const exchanges = createExchanges(() => transport);
  let session: string | null = null;
  let revision: string | null = null;
  let isGreeted = false;
  /** notifications/initialized on its way, and what has to wait until the server took it. */
  let introduction: Exchange | null = null;
  let forgetIntroduction = (): void => {};
  let waiting: Exchange[] = [];
  let isIntroduced = false;
  let isStale = false;
  let isEnded = false;
  let closing: Promise<void> | null = null;
  let listening: { close(): void } | null = null;

  const targetFor = (method: HttpMethod, lastEventId = ''): HttpTarget =>
    client.target(method, url, [
      ...commonHeaders(
        options.headers,
        method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      ),
      ...(session === null ? [] : ['mcp-session-id', session]),
      ...(revision === null ? [] : ['mcp-protocol-version', revision]),
      ...(lastEventId === '' ? [] : ['last-event-id', lastEventId]),
      // A POST gets it when it goes out.
      ...(method === 'POST' ? [] : authorizationHeader(authorization)),
    ]);
  let target = targetFor('POST');

  const post = createPoster({
    client,
    clock,
    errors,
    authorization,
    target: () => target,
    isPatient: () => isGreeted,
    onResponse: receive,
    onFailure: lose,
  });
  const streams = createAnswerStreams({
    clock,
    limit,
    errors,
    open: (lastEventId) => client.request(targetFor('GET', lastEventId)),
    deliver,
    lose,
  });

  function lose(exchange: Exchange, error: NucleusError): void {
    exchanges.lose(exchange, error);
    if (exchange === introduction) introduced();
  }

  function deliver(message: Buffer, via?: Exchange): void {
    if (!isGreeted) greet(message);
    exchanges.deliver(message, via);
  }

  /** The answer to initialize tells the revision later requests must name. */
  function greet(message: Buffer): void {
    const frame = parseJson(message);
    const result = isObject(frame) ? frame['result'] : undefined;
    const version = isObject(result) ? result['protocolVersion'] : undefined;
    if (typeof version !== 'string') return;
    isGreeted = true;
    // It goes into a header: what is no date of a revision is kept out of it.
    if (/^[\w.-]{1,32}$/.test(version)) revision = version;
    target = targetFor('POST');
  }

  function introduce(exchange: Exchange): void {
    isIntroduced = true;
    introduction = exchange;
    forgetIntroduction = clock.after(introductionMs, introduced);
    post(exchange);
  }

  function introduced(): void {
    if (!introduction || isEnded) return;
    introduction = null;
    forgetIntroduction();
    const held = waiting;
    waiting = [];
    for (const exchange of held) {
      if (isStale) lose(exchange, errors.sessionGone(404));
      else if (!exchange.isDone) post(exchange);
    }
    if (isStale) return;
    listening = listenToServer({
      profile: options.profile,
      clock,
      log: options.log,
      limit,
      open: (lastEventId) => client.request(targetFor('GET', lastEventId)),
      authorization,
      onMessage: (data) => deliver(data),
      onGone: () => wither('ended the session (HTTP 404)'),
    });
  }

  /** The session is over: what is open may still be answered, nothing new can be asked. */
  function wither(what: string): void {
    if (isStale || isEnded) return;
    isStale = true;
    listening?.close();
    transport.onStale(what);
  }

  function receive(exchange: Exchange, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    if (!isGreeted && status < 300) {
      const given = response.headers['mcp-session-id'];
      if (typeof given === 'string') session = given;
    }
    const kind = answerKind(status, response.headers);
    if (status === 404 && isGreeted && session !== null) {
      discard(response);
      wither('ended the session (HTTP 404)');
      return lose(exchange, errors.sessionGone(status));
    }
    if (exchange.id === undefined) {
      exchanges.pass(exchange);
      if (exchange === introduction) introduced();
      return kind === 'events' ? void response.destroy() : discard(response);
    }
    if (kind === 'events') return streams.follow(exchange, response);
    if (kind === 'json') return readAnswer(exchange, response, { limit, errors, deliver, lose });
    if (kind === 'refusal' || kind === 'failure')
      return readRefusal(exchange, response, limit, (refusal) => refused(exchange, kind, status, refusal));
    discard(response);
    if (kind === 'busy') {
      const wait = retryAfter(response.headers['retry-after'], clock.now());
      return lose(exchange, errors.busy(status, wait));
    }
    const type = contentType(response.headers);
    lose(exchange, errors.answered(kind, status, { type }));
  }

  function refused(
    exchange: Exchange,
    kind: AnswerKind,
    status: number,
    { body, error, isAnswer }: Refusal,
  ): void {
    if (body && isAnswer) return deliver(body, exchange);
    const said = error ? String(error['message']) : '';
    // Some servers say so instead of answering 404.
    if (status === 400 && isGreeted && session !== null && /session/i.test(said)) {
      wither('ended the session (HTTP 400)');
      return lose(exchange, errors.sessionGone(status));
    }
    const problem = errors.answered(kind, status, { said });
    if (!isGreeted && !error && isUnspoken(status) && turnOver(exchange, problem)) return;
    lose(exchange, problem);
  }

  function turnOver(exchange: Exchange, problem: NucleusError): boolean {
    const { id, message } = exchange;
    if (id === undefined || !options.onUnspoken?.(message, id, problem)) return false;
    exchanges.pass(exchange);
    return true;
  }

  const transport: Transport = {
    pid: null,
    isHttp: true,
    ...unheard,
    stderrTail: () => '',
    send(message, id, isHarmless) {
      if (isEnded || (isStale && id !== undefined)) return false;
      const exchange = exchanges.begin(id, message, isHarmless);
      if (introduction) waiting.push(exchange);
      else if (!isIntroduced && message.startsWith(introductionStart)) introduce(exchange);
      else post(exchange);
      return true;
    },
    abandon: exchanges.abandon,
    close: () => (closing ??= end()),
  };

  async function end(): Promise<void> {
    if (session !== null && !isStale) await farewell();
    isEnded = true;
    forgetIntroduction();
    listening?.close();
    exchanges.close();
    client.close();
    transport.onEnd({ kind: 'asked', what: 'was closed' });
  }

  /** Tells the endpoint that the session is over; whether it cares is its own affair. */
  function farewell(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sent = client.request(targetFor('DELETE'));
    const forget = clock.after(farewellMs, () => sent.destroy());
    sent.on('response', discard);
    sent.on('error', () => {});
    sent.on('close', () => {
      forget();
      resolve();
    });
    sent.end();
    return promise;
  }

  return transport;
}

/** Statuses with which an endpoint of the older transport turns a POST down (MCP 2025-11-25, "Backwards Compatibility"). */
function isUnspoken(status: number): boolean {
  return status === 400 || status === 404 || status === 405;
}

/** As a connection writes it. */
const introductionStart = '{"jsonrpc":"2.0","method":"notifications/initialized"';
