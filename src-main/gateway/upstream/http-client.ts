import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { Clock } from '../platform.ts';

/** How long an endpoint may take to accept a connection, TLS included. */
const connectMs = 5_000;
/** Connections kept for the next requests; more are closed when their request is done. */
const keptSockets = 64;

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

/** One way to ask: made once, used for every request of its kind. */
export interface HttpTarget {
  readonly options: RequestOptions;
  /** The headers as they go out, name and value in turn. */
  readonly headers: string[];
}

/** The connections to one origin. */
export interface HttpClient {
  target(method: HttpMethod, url: URL, headers: readonly string[]): HttpTarget;
  /** Begins a request; with a body it is JSON and has to be sent with `end(body)`. */
  request(target: HttpTarget, body?: string): ClientRequest;
  /** Whether the connection under a request came to be; if not, nothing of the request was read. */
  isEstablished(request: ClientRequest): boolean;
  /** Closes the connections no request uses. */
  closeIdle(): void;
  close(): void;
}

/** Opens connections to an origin and keeps them for later requests (RFC 9112, section 9.3). */
export function createHttpClient(origin: URL, clock: Clock): HttpClient {
  const library = origin.protocol === 'https:' ? https : http;
  const agent = new library.Agent({ keepAlive: true, maxFreeSockets: keptSockets });
  const established = new WeakSet<object>();

  // Limited here, once for each connection, and not by a timer for each request.
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const socket = connect(options, done);
    if (!socket) return socket;
    const forget = clock.after(connectMs, () =>
      socket.destroy(Object.assign(new Error('no connection in time'), { code: connectTimeout })),
    );
    socket.once(library === https ? 'secureConnect' : 'connect', () => {
      forget();
      established.add(socket);
    });
    socket.once('close', forget);
    return socket;
  };

  return {
    target: (method, url, headers) => ({
      options: { ...urlToHttpOptions(url), method, agent },
      headers: [
        'host',
        url.host,
        ...headers,
        ...(method === 'POST' ? ['content-type', 'application/json', 'content-length', ''] : []),
      ],
    }),
    request({ options, headers }, body) {
      // Last of them, see above.
      if (body !== undefined) headers[headers.length - 1] = String(Buffer.byteLength(body));
      options.headers = headers;
      return library.request(options);
    },
    isEstablished: ({ socket }) => socket !== null && established.has(socket),
    closeIdle() {
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    },
    close: () => agent.destroy(),
  };
}

/** What every request to an origin says: what we read, who we are, and the profile's own headers. */
export function commonHeaders(own: Readonly<Record<string, string>>, accept: string): string[] {
  // Some origins refuse who does not say what it is.
  const agent = 'user-agent' in own ? [] : ['user-agent', 'nucleus'];
  return ['accept', accept, ...agent, ...Object.entries(own).flat()];
}

/** The code of the error of a connection that took too long. */
export const connectTimeout = 'CONNECT_TIMEOUT';
