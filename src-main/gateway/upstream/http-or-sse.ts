import { NucleusError } from '../../../src-shared/errors.ts';
import { openHttp, type HttpOptions } from './http.ts';
import { openSse } from './sse.ts';
import { relay, unheard, type Transport } from './transport.ts';

/** Which transport each address was found to speak, by its URL. */
export type SpokenTransports = Map<string, 'streamable-http' | 'sse'>;

/**
 * The transport of an endpoint of which only the address is known (MCP 2025-11-25, basic/transports, "Backwards
 * Compatibility"): Streamable HTTP, or HTTP+SSE where the answer to initialize says that it does not speak that one.
 * Refused credentials, a certificate, a failing or absent server say nothing about what it speaks.
 */
export function openHttpOrSse(options: HttpOptions, spoken: SpokenTransports): Transport {
  const address = options.url.href;
  const known = spoken.get(address);
  /** How it turned Streamable HTTP down. */
  let refusal: NucleusError | null = null;

  const transport: Transport = {
    pid: null,
    isHttp: true,
    ...unheard,
    stderrTail: () => '',
    send: (message, id, isHarmless) => inner.send(message, id, isHarmless),
    abandon: (id) => inner.abandon(id),
    close: () => inner.close(),
  };

  function adopt(next: Transport, what: 'streamable-http' | 'sse'): Transport {
    relay(next, transport);
    next.onLine = (line, via) => {
      const answered = transport.onLine(line, via);
      if (answered === null) return null;
      spoken.set(address, what);
      relay(next, transport);
      return answered;
    };
    next.onLost = (id, error) => transport.onLost(id, unspoken(error));
    return next;
  }

  /** A failure before anything was answered. What was found earlier may no longer be so: the next start looks again. */
  function unspoken(error: NucleusError): NucleusError {
    if (error.code !== 'UPSTREAM_PROTOCOL') return error;
    spoken.delete(address);
    const [first, second] = [refusal?.data['status'], error.data['status']];
    if (typeof first !== 'number' || typeof second !== 'number') return error;
    return new NucleusError(
      'UPSTREAM_PROTOCOL',
      `the server of ${options.profile} at ${options.url.origin} speaks neither Streamable HTTP (HTTP ${first}) ` +
        `nor the older SSE transport (HTTP ${second}); check the URL of the connector`,
      error.data,
    );
  }

  function openNewer(): Transport {
    const newer = openHttp({
      ...options,
      onUnspoken(message, id, problem) {
        if (known === 'streamable-http') return false;
        refusal = problem;
        newer.onEnd = () => {};
        void newer.close();
        inner = openOlder();
        return inner.send(message, id, true);
      },
    });
    return adopt(newer, 'streamable-http');
  }

  function openOlder(): Transport {
    return adopt(openSse({ ...options, messageUrl: null }), 'sse');
  }

  let inner = known === 'sse' ? openOlder() : openNewer();
  return transport;
}
