import type { IncomingMessage } from 'node:http';
import { isObject } from '../wire/frame.ts';
import {
  encodeHeader,
  headerNames,
  nameOf,
  paramHeaders,
  paramText,
  type ParamHeader,
} from '../wire/mcp-headers.ts';
import { modernErrors, modernRevision } from '../wire/modern.ts';
import { createAnswerStreams } from './answer-stream.ts';
import { createExchanges, type Exchange } from './exchanges.ts';
import { answerKind, contentType, discard, retryAfter, type AnswerKind } from './http-answer.ts';
import { commonHeaders, createHttpClient } from './http-client.ts';
import { createHttpErrors } from './http-errors.ts';
import { createPoster } from './http-post.ts';
import type { HttpOptions } from './http.ts';
import { unheard, type About, type Transport } from './transport.ts';
import { readAnswer, readRefusal, type Refusal } from './whole-answer.ts';

/**
 * The Streamable HTTP transport of the modern era (MCP 2026-07-28, basic/transports/streamable-http): one POST a
 * request, and nothing that lasts beside it. What is on its way ends with its request, so a cancel is the end of the POST.
 */
export function openModernHttp(
  options: HttpOptions & {
    /** The input schema of a tool as its server lists it; undefined when it is not known. */
    inputSchema(tool: string): unknown;
  },
): Transport {
  const { url, limit, clock, authorization } = options;
  const client = createHttpClient(url, clock);
  const errors = createHttpErrors(options);
  const exchanges = createExchanges(() => transport);
  const { lose } = exchanges;
  const target = client.target('POST', url, [
    ...commonHeaders(options.headers, 'application/json, text/event-stream'),
    headerNames.version,
    modernRevision,
  ]);
  /** By schema, which is another object when the tool was listed anew. */
  const declared = new WeakMap<object, readonly ParamHeader[]>();
  let isGreeted = false;
  let isStale = false;
  let isEnded = false;

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
  const streams = createAnswerStreams({ clock, limit, errors, deliver, lose });

  function deliver(message: Buffer, via: Exchange): void {
    exchanges.deliver(message, via);
  }

  function receive(exchange: Exchange, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const kind = answerKind(status, response.headers);
    if (status < 300) isGreeted = true;
    if (kind === 'events') return streams.follow(exchange, response);
    if (kind === 'json') return readAnswer(exchange, response, { limit, errors, deliver, lose });
    if (kind === 'refusal' || kind === 'failure')
      return readRefusal(exchange, response, limit, (refusal) => refused(exchange, kind, status, refusal));
    discard(response);
    if (kind === 'busy') {
      const wait = retryAfter(response.headers['retry-after'], clock.now());
      return lose(exchange, errors.busy(status, wait));
    }
    lose(exchange, errors.answered(kind, status, { type: contentType(response.headers) }));
  }

  function refused(
    exchange: Exchange,
    kind: AnswerKind,
    status: number,
    { body, error, isAnswer }: Refusal,
  ): void {
    if (body && isAnswer && error?.['code'] !== modernErrors.unsupportedVersion)
      return deliver(body, exchange);
    // A server that was one of this era and no longer answers as one was changed behind its address.
    if (kind === 'refusal' && isGreeted && !isStale) {
      isStale = true;
      transport.onStale(`no longer answers as a server of ${modernRevision} (HTTP ${status})`);
    } else if (body && isAnswer) return deliver(body, exchange);
    const said = error?.['message'];
    lose(exchange, errors.answered(kind, status, { said: typeof said === 'string' ? said : '' }));
  }

  /** What stands between us and the server routes by these, so they repeat what the body says. */
  function headersOf({ method, params }: About): string[] {
    const name = nameOf(method, params);
    return [
      headerNames.method,
      encodeHeader(method),
      ...(name === null ? [] : [headerNames.name, encodeHeader(name)]),
      ...(method === 'tools/call' && name !== null ? paramsOf(name, params?.['arguments']) : []),
    ];
  }

  function paramsOf(tool: string, args: unknown): string[] {
    return declaredBy(options.inputSchema(tool)).flatMap(({ path, name }) => {
      const text = paramText(args, path);
      return text === null ? [] : [`${headerNames.param}${name}`, encodeHeader(text)];
    });
  }

  function declaredBy(schema: unknown): readonly ParamHeader[] {
    if (!isObject(schema)) return [];
    let found = declared.get(schema);
    if (!found) {
      found = paramHeaders(schema) ?? [];
      declared.set(schema, found);
    }
    return found;
  }

  const transport: Transport = {
    pid: null,
    isHttp: true,
    ...unheard,
    stderrTail: () => '',
    send(message, id, isHarmless, about) {
      if (isEnded || isStale) return false;
      // Notifications and answers to requests are not part of this transport.
      if (id === undefined || !about) return true;
      post(exchanges.begin(id, message, isHarmless, headersOf(about)));
      return true;
    },
    abandon: exchanges.abandon,
    async close() {
      if (isEnded) return;
      isEnded = true;
      exchanges.close();
      client.close();
      transport.onEnd({ kind: 'asked', what: 'was closed' });
    },
  };
  return transport;
}
