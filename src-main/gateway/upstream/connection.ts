import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { cancelledParams } from '../wire/cancelled.ts';
import { encode, isObject, parseFrame, parseJson, type Params } from '../wire/frame.ts';
import type { Peer } from '../wire/peer.ts';
import { findResponseId, outcomeOf, type Reply } from '../wire/reply.ts';
import {
  hasResultType,
  isComplete,
  mebibytes,
  printable,
  subscriptionOf,
  wholeOf,
  withToken,
  written,
} from './messages.ts';
import { createQuestions } from './questions.ts';
import type { Ending, Transport } from './transport.ts';

export interface RequestOptions {
  /** Infinity for one that stands as long as it can. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Receives each progress notification of this request, before its reply. Its presence asks for progress. */
  readonly onProgress?: ((params: Params) => void) | undefined;
  /** Who answers what the upstream asks during this request, and hears what it says. */
  readonly peer?: Peer | undefined;
  /** Hears what the upstream says on the subscription this request opens; such a request stands and keeps nothing busy. */
  readonly onNotice?: ((method: string, params: Params | undefined) => void) | undefined;
}

/** One live connection to one upstream, shared by every client. Ids and progress tokens are its own. */
export interface Connection {
  readonly pid: number | null;
  readonly inFlight: number;
  /** Messages no protocol allows: unknown ids, duplicate answers, lines that are not JSON-RPC. */
  readonly oddities: number;
  request(method: string, params: Params | undefined, options: RequestOptions): Promise<Reply>;
  notify(method: string, params?: Params): void;
  close(): Promise<void>;
}

interface Pending {
  readonly method: string;
  readonly onProgress: ((params: Params) => void) | undefined;
  readonly peer: Peer | undefined;
  readonly onNotice: RequestOptions['onNotice'];
  settle(reply: Reply | NucleusError): void;
}

export interface ConnectionEvents {
  /** What the upstream says of itself, or that belongs to no call we could name. */
  onNotification(method: string, params: Params | undefined): void;
  /** It asked something while several calls were open, and nothing tells which one it is about. */
  onAmbiguous(): void;
  /** In-flight fell to zero or rose from it. */
  onBusy(busy: boolean): void;
  /** What is open may still be answered, anything new needs another connection. */
  onStale(what: string): void;
  onEnd(ending: Ending): void;
}

/** Speaks JSON-RPC over a transport: ids, progress tokens, time limits, cancellation; payloads stay untouched. */
export function createConnection(deps: {
  readonly profile: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly events: ConnectionEvents;
  /** The folders the upstream may know of, as file URIs. */
  roots(): readonly Params[];
}): Connection {
  const { profile, transport, clock, events } = deps;
  const pending = new Map<number, Pending>();
  // Requests we gave up: their late answers are no fault of the upstream.
  const abandoned = new Set<number>();
  /** How many of the pending ones stand. */
  let standing = 0;
  let nextId = 1;
  let oddities = 0;
  let ending: Ending | null = null;

  const questions = createQuestions({
    profile,
    roots: deps.roots,
    peerOf: (via) => peerOf(via),
    send: (message) => void send(message, false),
    onAmbiguous: events.onAmbiguous,
  });

  const send = (message: object, isHarmless: boolean): boolean =>
    transport.send(encode(message), undefined, isHarmless);

  /** The id when somebody waited for this outcome, or did until a moment ago. */
  function settle(id: number, outcome: Reply | NucleusError): number | null {
    const waiting = pending.get(id);
    if (!waiting) {
      if (abandoned.delete(id)) return id;
      oddities += 1;
      return null;
    }
    pending.delete(id);
    if (waiting.peer) questions.release(waiting.peer);
    if (waiting.onNotice) standing -= 1;
    waiting.settle(outcome);
    if (!waiting.onNotice && pending.size === standing) events.onBusy(false);
    return id;
  }

  function lostSentence(end: Ending): string {
    return `the server of ${profile} ${end.what} while the call ran; whether it took effect is unknown${lastWords()}`;
  }

  function lastWords(): string {
    const line = transport.stderrTail().trim().split('\n').at(-1)?.trim();
    return line ? ` (it last said: ${printable(line).slice(0, 200)})` : '';
  }

  transport.onLine = (line, via) => {
    const span = findResponseId(line);
    if (span && pending.has(span.id)) {
      const message = parseJson(line);
      // One that names a second id would answer another call of its client, perhaps on another account.
      if (isObject(message) && message['id'] === span.id)
        return settle(span.id, {
          kind: 'raw',
          line,
          span,
          outcome: outcomeOf(message),
          ...(hasResultType(message) && { message: isComplete(message) ? message : wholeOf(line) }),
        });
      oddities += 1;
      return settle(
        span.id,
        new NucleusError(
          'UPSTREAM_PROTOCOL',
          `the server of ${profile} answered with bytes that are not valid JSON; report it to its makers`,
          { profile },
        ),
      );
    }
    const frame = parseFrame(line);
    if (frame.kind === 'response') {
      const { result, error } = frame.message;
      const body = error === undefined || error === null ? { result } : { error };
      return settle(typeof frame.id === 'number' ? frame.id : Number.NaN, {
        kind: 'made',
        body,
        size: line.length,
      });
    } else if (frame.kind === 'request') {
      questions.take(frame, via);
    } else if (frame.kind === 'notification') {
      hear(frame.method, frame.params, via);
    } else {
      oddities += 1;
    }
    return null;
  };

  /** A notification of the upstream goes to the one it concerns. */
  function hear(method: string, params: Params | undefined, via: number | undefined): void {
    if (method === 'notifications/progress') {
      const token = params?.['progressToken'];
      const waiting = typeof token === 'number' ? pending.get(token) : undefined;
      if (waiting?.onProgress && params) report(waiting.onProgress, params);
    } else if (method === 'notifications/cancelled') {
      questions.withdraw(params);
    } else {
      const notice = pending.get(via ?? subscriptionOf(params))?.onNotice;
      if (notice) return notice(method, params);
      const peer = ofNoCall.test(method) ? 'none' : peerOf(via);
      if (peer === 'none') events.onNotification(method, params);
      else if (peer !== 'several') peer.tell(method, params);
    }
  }

  /** The client a message of the upstream is about: of the call on whose stream it came, else of the calls that are open. */
  function peerOf(via: number | undefined): Peer | 'none' | 'several' {
    if (via !== undefined) return pending.get(via)?.peer ?? 'none';
    let only: Peer | 'none' = 'none';
    for (const { peer } of pending.values()) {
      if (!peer) continue;
      if (only !== 'none' && only.client !== peer.client) return 'several';
      only = peer;
    }
    return only;
  }

  /** Progress that cannot be written again, being nested too deeply, is the upstream's fault and ends nothing. */
  function report(onProgress: (params: Params) => void, params: Params): void {
    try {
      onProgress(params);
    } catch {
      oddities += 1;
    }
  }

  transport.onLost = (id, error) => {
    if (pending.has(id)) settle(id, error);
  };

  transport.onOverflow = (head, tail, length) => {
    const span = findResponseId(head, tail);
    oddities += 1;
    if (!span) return;
    settle(
      span.id,
      new NucleusError(
        'RESULT_TOO_LARGE',
        `the answer of ${profile} was ${mebibytes(length)} MiB, more than upstream.max_frame_mib allows; ask for less, or raise it in config.toml`,
        { profile, bytes: length },
      ),
    );
  };

  transport.onStale = (what) => events.onStale(what);

  transport.onEnd = (end) => {
    ending = end;
    questions.close();
    const lost = [...pending.keys()];
    for (const id of lost)
      settle(
        id,
        new NucleusError('UPSTREAM_EXITED', lostSentence(end), {
          profile,
          outcome: 'unknown',
          reason: end.what,
        }),
      );
    events.onEnd(end);
  };

  return {
    pid: transport.pid,
    get inFlight() {
      return pending.size - standing;
    },
    get oddities() {
      return oddities;
    },
    async request(method, params, options) {
      const cancelled = (): NucleusError =>
        new NucleusError('CALL_CANCELLED', `the call to ${profile} was cancelled`, { profile });
      if (options.signal?.aborted) throw cancelled();
      if (ending)
        throw new NucleusError('UPSTREAM_EXITED', `the server of ${profile} ${ending.what}; call again`, {
          profile,
        });
      if (pending.size - standing >= deps.maxInFlight)
        throw new NucleusError(
          'UPSTREAM_BUSY',
          `${profile} already has ${pending.size - standing} calls open; wait for some to end, or raise upstream.max_in_flight`,
          { profile },
        );
      const id = nextId++;
      const body = params && { params: options.onProgress ? withToken(params, id) : params };
      // Before anything waits for it: parameters may be nested too deeply to be written.
      const message = written({ id, method, ...body }, method, profile);
      const { promise, resolve, reject } = Promise.withResolvers<Reply>();
      const cancel = (reason: string, error: NucleusError): void => {
        // initialize may not be cancelled (MCP 2025-11-25, basic/utilities/cancellation).
        const about = cancelledParams(id, options.signal, reason);
        if (method !== 'initialize') send({ method: 'notifications/cancelled', params: about }, true);
        abandoned.add(id);
        if (abandoned.size > maxAbandoned) abandoned.delete(abandoned.values().next().value ?? id);
        transport.abandon(id);
        settle(id, error);
      };
      const giveUp = (): void =>
        cancel(
          'timed out',
          new NucleusError(
            'UPSTREAM_TIMEOUT',
            `${profile} did not answer ${method} within ${options.timeoutMs / 1000} s; whether it took effect is unknown${lastWords()}`,
            { profile, outcome: 'unknown' },
          ),
        );
      const forgetTimeout = Number.isFinite(options.timeoutMs)
        ? clock.after(options.timeoutMs, giveUp)
        : () => {};
      const onAbort = (): void => cancel('cancelled by the client', cancelled());
      options.signal?.addEventListener('abort', onAbort, { once: true });
      pending.set(id, {
        method,
        onProgress: options.onProgress,
        peer: options.peer,
        onNotice: options.onNotice,
        settle(outcome) {
          forgetTimeout();
          options.signal?.removeEventListener('abort', onAbort);
          if (outcome instanceof NucleusError) reject(outcome);
          else resolve(outcome);
        },
      });
      if (options.onNotice) standing += 1;
      else if (pending.size - standing === 1) events.onBusy(true);
      if (!transport.send(message, id, harmless.has(method), { method, params }))
        settle(
          id,
          new NucleusError(
            'UPSTREAM_BUSY',
            `the server of ${profile} takes no input: it hangs or is about to end; call again, or restart it with nucleus stop`,
            { profile },
          ),
        );
      return promise;
    },
    notify(method, params) {
      send({ method, ...(params && { params }) }, harmless.has(method));
    },
    close: () => transport.close(),
  };
}

/** What may be sent twice: it changes nothing, and an answer too many is dropped. */
const harmless = new Set([
  'initialize',
  'notifications/initialized',
  'server/discover',
  'subscriptions/listen',
  'ping',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
]);

/** What an upstream says of itself, whoever is calling. */
const ofNoCall =
  /^notifications\/((tools|prompts|resources)\/list_changed|resources\/updated|elicitation\/complete|tasks\/status)$/;

/** Given-up requests remembered, so that their late answers are told from wrong ones. */
const maxAbandoned = 1_000;
