import type { UpstreamState, UpstreamStatus } from '../../../src-shared/contract.ts';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Era } from '../wire/peer.ts';
import { readReply, type Reply } from '../wire/reply.ts';
import { createConnection, type Connection, type RequestOptions } from './connection.ts';
import { askedWait, createHold, type Hold } from './hold.ts';
import { said, startError, stoppedError } from './start-errors.ts';
import type { Transport } from './transport.ts';

/** Waits after the first, second, … failure in a row; then the last one for good. */
const restsMs = [500, 1_000, 2_000, 4_000, 8_000, 25_000] as const;
/** From this many failures on, calls are refused at once and only a timed try starts the upstream. */
const circuitAfter = 5;
/** A call rather waits this long for the next try than fails. */
const patienceMs = 2_500;
/** An upstream that lived this long was healthy; its end is not a failed start. */
const healthyAfterMs = 10_000;

/** What an upstream said about itself in answer to initialize, raw. */
export interface Greeting {
  readonly result: Params;
}

export interface UpstreamRequestOptions extends Omit<RequestOptions, 'timeoutMs'> {
  readonly timeoutMs?: number;
  /** Our own housekeeping: its success does not prove the upstream healthy, or one that dies between calls would storm. */
  readonly background?: boolean;
}

export interface Supervisor {
  /** Sends one request over the live connection of a profile, starting it when needed. */
  request(
    profile: string,
    method: string,
    params: Params | undefined,
    options?: UpstreamRequestOptions,
  ): Promise<Reply>;
  /** The era an upstream speaks: at once while it runs, else once it was started. */
  eraOf(profile: string, signal?: AbortSignal): Era | Promise<Era>;
  /** Makes sure the upstream runs; resolves with its answer to initialize. */
  connect(profile: string): Promise<Greeting>;
  status(profile: string): Omit<UpstreamStatus, 'tools'>;
  /** Ends the upstream of one profile; the next call starts it anew. */
  stop(profile: string): Promise<void>;
  close(): Promise<void>;
}

interface Slot {
  readonly profile: string;
  /** The connection of a start under way, so that a stop need not wait for it. */
  opening: Connection | null;
  stopped: boolean;
  live: { connection: Connection; greeting: Greeting; since: number } | null;
  starting: Promise<Greeting> | null;
  closing: Promise<void> | null;
  /** Connections that take nothing new and have calls open. */
  readonly draining: Set<Connection>;
  failures: number;
  nextTryAt: number;
  problem: NucleusError | null;
  readonly hold: Hold;
  /** Since when nothing is open on the live connection; null while something is. */
  idleSince: number | null;
  isWatched: boolean;
  forgetIdle: () => void;
  forgetRetry: () => void;
}

/** Starts, shares, rests and ends the upstreams: one connection per profile, whoever calls. */
export function createSupervisor(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config['upstream'];
  readonly version: string;
  /** Resolves the profile's command and secrets anew at every start and opens its transport. */
  open(profile: string): Promise<Transport>;
  /** A connection is up; lists may be read. */
  onReady(profile: string): void;
  onNotification(profile: string, method: string, params: Params | undefined): void;
  /** The folders an upstream may know of, as file URIs. */
  roots(profile: string): readonly Params[];
  /** The state of an upstream changed: it started, is ready, failed or ended. */
  onState(): void;
  /** Whether a failed profile should be tried again without anybody calling it. */
  wanted(profile: string): boolean;
}): Supervisor {
  const { clock, log, config } = deps;
  const slots = new Map<string, Slot>();
  // Stops under way: what a stopped slot still runs is waited for before its profile starts anew.
  const stops = new Map<string, Promise<void>>();
  let closed = false;

  function slotOf(profile: string): Slot {
    let slot = slots.get(profile);
    if (!slot) {
      slot = {
        profile,
        opening: null,
        stopped: false,
        live: null,
        starting: null,
        closing: null,
        draining: new Set(),
        failures: 0,
        nextTryAt: 0,
        problem: null,
        hold: createHold(clock),
        idleSince: null,
        isWatched: false,
        forgetIdle: () => {},
        forgetRetry: () => {},
      };
      slots.set(profile, slot);
    }
    return slot;
  }

  function watchIdle(slot: Slot, busy: boolean): void {
    slot.idleSince = busy ? null : clock.now();
    // One timer looks again and again: calls come and go more often than it is worth setting one for each.
    if (!busy && !slot.isWatched && config.idle_timeout > 0) lookLater(slot, config.idle_timeout);
  }

  function lookLater(slot: Slot, milliseconds: number): void {
    slot.isWatched = true;
    slot.forgetIdle = clock.after(milliseconds, () => {
      slot.isWatched = false;
      if (!slot.live || slot.idleSince === null || slot.live.connection.inFlight > 0) return;
      const left = slot.idleSince + config.idle_timeout - clock.now();
      if (left > 0) return lookLater(slot, left);
      log.info('reaped idle child', { profile: slot.profile });
      void end(slot);
    });
  }

  /** Nothing is live any more that could be idle. */
  function unwatch(slot: Slot): void {
    slot.forgetIdle();
    slot.isWatched = false;
  }

  /** Ends whatever a slot has running or starting, for good. */
  async function stop(slot: Slot): Promise<void> {
    slot.stopped = true;
    await slot.opening?.close();
    await slot.starting?.catch(() => {});
    slot.forgetRetry();
    await Promise.all([end(slot), ...[...slot.draining].map((connection) => connection.close())]);
  }

  /** Takes the connection out before closing it, so that a call arriving now starts a fresh one. */
  function end(slot: Slot): Promise<void> {
    const { live } = slot;
    slot.live = null;
    unwatch(slot);
    deps.onState();
    return live ? retire(slot, live.connection) : (slot.closing ?? Promise.resolve());
  }

  /** Closes a connection that is no longer used; until it is gone nothing else of the profile starts. */
  function retire(slot: Slot, connection: Connection): Promise<void> {
    const closing = connection.close().finally(() => {
      if (slot.closing === closing) slot.closing = null;
    });
    slot.closing = closing;
    return closing;
  }

  function failed(slot: Slot, error: NucleusError, forgiveFirst = false): void {
    deps.onState();
    slot.failures += 1;
    slot.problem = error;
    const forgiven = forgiveFirst && slot.failures === 1;
    const usual = forgiven ? 0 : (restsMs[Math.min(slot.failures, restsMs.length) - 1] as number);
    // Jitter keeps a dozen upstreams that fell together from starting together.
    const rest = Math.max(usual * (0.9 + Math.random() * 0.2), askedWait(error));
    slot.nextTryAt = clock.now() + rest;
    log.warn('upstream failed', { profile: slot.profile, failures: slot.failures, reason: error.message });
    slot.forgetRetry();
    slot.forgetRetry = clock.after(rest, () => {
      // Whatever the time of day says by now, the rest is over.
      slot.nextTryAt = 0;
      if (!closed && !slot.live && deps.wanted(slot.profile)) connect(slot).catch(() => {});
    });
  }

  function forget(slot: Slot): void {
    slot.live = null;
    unwatch(slot);
  }

  /** A live connection is of no use any more, and nobody asked for that. */
  function fell(slot: Slot, what: string): void {
    const isYoung = slot.live !== null && clock.now() - slot.live.since < healthyAfterMs;
    forget(slot);
    if (!isYoung) slot.failures = 0;
    const { profile } = slot;
    failed(slot, new NucleusError('UPSTREAM_EXITED', `the server of ${profile} ${what}`, { profile }), true);
  }

  function connect(slot: Slot): Promise<Greeting> {
    if (closed) return Promise.reject(new NucleusError('GATEWAY_STOPPED', 'the gateway is closing'));
    if (slot.live) return Promise.resolve(slot.live.greeting);
    slot.starting ??= start(slot).finally(() => {
      slot.starting = null;
      deps.onState();
    });
    deps.onState();
    return slot.starting;
  }

  async function start(slot: Slot): Promise<Greeting> {
    const { profile } = slot;
    // A call that waited out a rest may come back to a slot that was stopped meanwhile.
    if (slot.stopped) throw stoppedError(profile);
    await Promise.all([slot.closing, stops.get(profile)]);
    slot.forgetRetry();
    let connection: Connection | null = null;
    try {
      const transport = await deps.open(profile);
      if (slot.stopped) {
        await transport.close();
        throw stoppedError(profile);
      }
      const lastWords = transport.stderrTail;
      connection = createConnection({
        profile,
        transport,
        clock,
        maxInFlight: config.max_in_flight,
        roots: () => deps.roots(profile),
        events: {
          onBusy(busy) {
            if (connection && slot.draining.has(connection)) void connection.close();
            else watchIdle(slot, busy);
          },
          onNotification: (method, params) => deps.onNotification(profile, method, params),
          onAmbiguous: () => log.info('upstream asked while several calls were open', { profile }),
          onStale(what) {
            if (!connection || slot.live?.connection !== connection) return;
            if (connection.inFlight > 0) slot.draining.add(connection);
            else void connection.close();
            fell(slot, `${what}; the next call opens another`);
          },
          onEnd(ending) {
            if (connection) slot.draining.delete(connection);
            if (slot.live?.connection !== connection) return;
            if (ending.kind === 'asked') forget(slot);
            else fell(slot, `${ending.what}${said(lastWords())}; the next call starts it again`);
          },
        },
      });
      slot.opening = connection;
      const reply = await connection
        .request('initialize', initializeParams(deps.version), { timeoutMs: config.connect_timeout })
        .catch((error: unknown) => {
          throw startError(profile, toNucleusError(error), lastWords());
        });
      const { result, error } = readReply(reply);
      if (error || !isObject(result) || typeof result['protocolVersion'] !== 'string') {
        const detail = error ? `: ${String(error['message']).slice(0, 300)}` : '';
        throw new NucleusError(
          'UPSTREAM_PROTOCOL',
          `the server of ${profile} did not answer initialize as an MCP server does${detail}; check its command with nucleus info ${profile}`,
          { profile },
        );
      }
      connection.notify('notifications/initialized');
      const greeting = { result };
      if (slot.stopped) throw stoppedError(profile);
      slot.live = { connection, greeting, since: clock.now() };
      slot.problem = null;
      log.info('spawned child', { profile, pid: connection.pid });
      watchIdle(slot, false);
      deps.onReady(profile);
      return greeting;
    } catch (thrown) {
      if (connection) void retire(slot, connection);
      const error = toNucleusError(thrown);
      if (!slot.stopped) failed(slot, error);
      throw error;
    } finally {
      slot.opening = null;
    }
  }

  /** Waits a little for an upstream at rest, or refuses with the reason it rests for. */
  async function patience(slot: Slot): Promise<void> {
    const rest = slot.nextTryAt - clock.now();
    if (slot.live || slot.starting || rest <= 0 || !slot.problem) return;
    if (rest > patienceMs || slot.failures >= circuitAfter)
      throw new NucleusError(
        'UPSTREAM_RESTING',
        `${slot.profile} failed ${slot.failures} times in a row and is tried again in ${Math.ceil(rest / 1000)} s. Last time: ${slot.problem.message}`,
        { profile: slot.profile, retryAfterMs: Math.ceil(rest), cause: slot.problem.code },
      );
    const { failures } = slot;
    await new Promise<void>((resolve) => clock.after(rest, resolve));
    // Those who waited for the same try share its outcome; each trying again would be a storm.
    if (slot.failures > failures && slot.problem) throw slot.problem;
  }

  function stateOf(slot: Slot): UpstreamState {
    if (slot.live) return 'ready';
    if (slot.starting) return 'starting';
    if (slot.problem?.code === 'VAULT_LOCKED' || slot.problem?.code === 'SECRET_MISSING') return 'locked';
    if (slot.failures >= circuitAfter) return 'failing';
    return slot.problem && slot.nextTryAt > clock.now() ? 'resting' : 'asleep';
  }

  async function send(
    slot: Slot,
    method: string,
    params: Params | undefined,
    options: UpstreamRequestOptions,
    isSecond: boolean,
  ): Promise<Reply> {
    const { profile } = slot;
    const held = slot.hold.keep(patienceMs);
    if (held) await abortable(() => held, options.signal, profile);
    if (!slot.live) {
      await abortable(() => patience(slot), options.signal, profile);
      await abortable(() => connect(slot), options.signal, profile);
    }
    // No await between here and the send: the idle reaper runs on timers and cannot come between.
    const { live } = slot;
    if (!live)
      throw (
        slot.problem ??
        new NucleusError('UPSTREAM_EXITED', `the server of ${profile} ended; call again`, { profile })
      );
    try {
      const reply = await live.connection.request(method, params, {
        ...options,
        timeoutMs: options.timeoutMs ?? config.call_timeout,
      });
      if (!options.background) slot.failures = 0;
      return reply;
    } catch (thrown) {
      const error = toNucleusError(thrown);
      slot.hold.note(error);
      // It did not run and cannot run where it was sent: a session that is over is opened anew, once.
      const isMoved = slot.live !== live && !slot.stopped;
      if (isSecond || !isMoved || error.data['outcome'] !== 'not-run') throw error;
      return send(slot, method, params, options, true);
    }
  }

  return {
    request: (profile, method, params, options = {}) => send(slotOf(profile), method, params, options, false),
    eraOf: () => 'legacy',
    connect: (profile) => connect(slotOf(profile)),
    status(profile) {
      const slot = slots.get(profile);
      return {
        profile,
        state: slot ? stateOf(slot) : 'asleep',
        pid: slot?.live?.connection.pid ?? null,
        inFlight: slot?.live?.connection.inFlight ?? 0,
        problem: slot?.problem?.message ?? null,
        oddities: slot?.live?.connection.oddities ?? 0,
      };
    },
    async stop(profile) {
      const slot = slots.get(profile);
      if (!slot) return stops.get(profile);
      slots.delete(profile);
      const stopping = Promise.all([stops.get(profile), stop(slot)]).then(() => {
        if (stops.get(profile) === stopping) stops.delete(profile);
      });
      stops.set(profile, stopping);
      return stopping;
    },
    async close() {
      closed = true;
      await Promise.all([...[...slots.values()].map(stop), ...stops.values()]);
    },
  };
}

function initializeParams(version: string): Params {
  return {
    protocolVersion: '2025-11-25',
    // All that can be passed on; a client that cannot be asked something is answered for.
    capabilities: { roots: {}, sampling: {}, elicitation: { form: {}, url: {} } },
    clientInfo: { name: 'nucleus', title: 'Nucleus', version },
  };
}

/** A caller that gives up stops waiting; the start it waited for goes on for the others. */
async function abortable<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  profile: string,
): Promise<T> {
  if (!signal) return work();
  const cancelled = (): NucleusError =>
    new NucleusError('CALL_CANCELLED', `the call to ${profile} was cancelled`, { profile });
  if (signal.aborted) throw cancelled();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(cancelled());
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work(), promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
