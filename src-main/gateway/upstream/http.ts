import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { readEvents } from '../wire/events.ts';
import { isObject, parseJson } from '../wire/frame.ts';
import type { Transport } from './transport.ts';

/** How long an endpoint may take to accept the connection and begin its answer to the farewell. */
const farewellMs = 1_000;
const connectMs = 5_000;

export interface HttpOptions {
  readonly profile: string;
  readonly url: URL;
  /** The profile's own headers; they may hold secrets and go to this origin only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Longest single message, in bytes. */
  readonly limit: number;
}

/**
 * The Streamable HTTP transport of the legacy era (MCP 2025-11-25, basic/transports): one POST a message, answered
 * with JSON or with an event stream. No redirect is followed: the profile's credentials belong to the origin named.
 */
export function openHttp(options: HttpOptions): Transport {
  const { profile, url, limit } = options;
  const client = url.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true });
  const open = new Map<number, http.ClientRequest>();
  let session: string | null = null;
  let revision: string | null = null;
  let ended = false;

  const end = (kind: 'asked' | 'exited', what: string): void => {
    if (ended) return;
    ended = true;
    for (const request of open.values()) request.destroy();
    agent.destroy();
    transport.onEnd({ kind, what });
  };

  const fail = (code: ConstructorParameters<typeof NucleusError>[0], what: string): NucleusError =>
    new NucleusError(code, `the server of ${profile} at ${url.origin} ${what}`, { profile });

  function request(method: 'POST' | 'DELETE', body: string): http.ClientRequest {
    return client.request(url, {
      method,
      agent,
      headers: {
        ...options.headers,
        accept: 'application/json, text/event-stream',
        ...(body !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...(session !== null && { 'mcp-session-id': session }),
        ...(revision !== null && { 'mcp-protocol-version': revision }),
      },
    });
  }

  /** One message of the endpoint; the answer to initialize tells the revision later requests must name. */
  function deliver(line: Buffer): void {
    if (revision === null) {
      const message = parseJson(line);
      const result = isObject(message) ? message['result'] : undefined;
      if (isObject(result) && typeof result['protocolVersion'] === 'string')
        revision = result['protocolVersion'];
    }
    // What we forward is framed by newlines; in JSON they stand between tokens only, where a space means the same.
    if (line.includes(0x0a)) transport.onLine(line.map((byte) => (byte === 0x0a ? 0x20 : byte)) as Buffer);
    else transport.onLine(line);
  }

  function receive(response: IncomingMessage, id: number | undefined): void {
    const lose = (error: NucleusError): void => {
      if (id !== undefined) transport.onLost(id, error);
    };
    const status = response.statusCode ?? 0;
    const given = response.headers['mcp-session-id'];
    if (typeof given === 'string') session = given;
    response.on('error', (error) =>
      lose(
        fail(
          'UPSTREAM_EXITED',
          `broke off its answer (${error.message}); whether the call took effect is unknown`,
        ),
      ),
    );
    if (status === 404 && session !== null) {
      response.resume();
      return end('exited', 'ended the session (HTTP 404)');
    }
    if (status >= 300 && status < 400) {
      response.resume();
      return lose(
        fail(
          'UPSTREAM_PROTOCOL',
          `answered with a redirect (HTTP ${status}), which is not followed; correct the URL of the connector`,
        ),
      );
    }
    if (status === 401 || status === 403) {
      response.resume();
      return lose(
        fail(
          'UPSTREAM_REFUSED',
          `refused the credentials (HTTP ${status}); give new ones with nucleus add --replace`,
        ),
      );
    }
    const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (type === 'text/event-stream' && status < 300) {
      readEvents(response, {
        limit,
        onData: deliver,
        onOverflow: (length) => lose(tooLarge(profile, length)),
      });
      response.once('end', () =>
        lose(
          fail(
            'UPSTREAM_EXITED',
            'ended the stream without an answer; whether the call took effect is unknown',
          ),
        ),
      );
      return;
    }
    readBody(response, limit, (body) => {
      if (body === null) return lose(tooLarge(profile, limit));
      if (type === 'application/json' && body.length > 0) deliver(body);
      // Whatever came, it was no answer to this request if the request is still open now.
      lose(
        fail(
          'UPSTREAM_PROTOCOL',
          `answered HTTP ${status} without an MCP message; check the URL of the connector`,
        ),
      );
    });
  }

  const transport: Transport = {
    pid: null,
    onLine: () => {},
    onOverflow: () => {},
    onLost: () => {},
    onEnd: () => {},
    stderrTail: () => '',
    send(message, id) {
      if (ended) return false;
      const sent = request('POST', message);
      if (id !== undefined) open.set(id, sent);
      const forgetSlow = options.clock.after(connectMs, () => {
        if (sent.socket?.connecting ?? true)
          sent.destroy(new Error(`no connection within ${connectMs / 1000} s`));
      });
      sent.on('response', (response) => receive(response, id));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (id !== undefined)
          transport.onLost(
            id,
            fail(
              'UPSTREAM_UNREACHABLE',
              `cannot be reached (${error.code ?? error.message}); it is tried again when called`,
            ),
          );
      });
      sent.on('close', () => {
        forgetSlow();
        if (id !== undefined) open.delete(id);
      });
      sent.end(message);
      return true;
    },
    abandon: (id) => void open.get(id)?.destroy(),
    async close() {
      if (ended) return;
      if (session !== null) await farewell();
      end('asked', 'was closed');
    },
  };

  /** Tells the endpoint that the session is over; whether it cares is its own affair. */
  function farewell(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sent = request('DELETE', '');
    const forget = options.clock.after(farewellMs, () => sent.destroy());
    sent.on('response', (response) => response.resume());
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

function tooLarge(profile: string, length: number): NucleusError {
  const size = (length / 1024 / 1024).toFixed(1);
  return new NucleusError(
    'RESULT_TOO_LARGE',
    `the answer of ${profile} passed ${size} MiB, more than upstream.max_frame_mib allows; ask for less, or raise it in config.toml`,
    { profile },
  );
}

/** Collects a body up to the limit; null when it is longer, the rest is not read. */
function readBody(response: IncomingMessage, limit: number, done: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) {
      done(null);
      response.destroy();
    } else chunks.push(chunk);
  });
  response.once('end', () => {
    if (length <= limit) done(Buffer.concat(chunks));
  });
}
