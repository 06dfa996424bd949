import type { UpstreamStatus } from '../../../src-shared/contract.ts';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { Params } from '../wire/frame.ts';
import type { Era } from '../wire/peer.ts';
import type { Reply } from '../wire/reply.ts';
import { abortable } from './abortable.ts';
import type { Connection, ConnectionEvents, RequestOptions } from './connection.ts';
import type { EraMemory } from './era-memory.ts';
import type { Greeting } from './era.ts';
import { askedWait } from './hold.ts';
import { createLanes } from './lanes.ts';
import { speakLegacy, speakModern, type Speaker } from './modern.ts';
import { createOpening } from './opening.ts';
import { circuitAfter, createSlot, stateOf, type Slot } from './slot.ts';
import { said, stoppedError } from './start-errors.ts';
import type { Transport } from './transport.ts';

/** Waits after the first, second, … failure in a row; then the last one for good. */
const restsMs = [500, 1_000, 2_000, 4_000, 8_000, 25_000] as const;
/** A call rather waits this long for the next try than fails. */
const patienceMs = 2_500;
/** An upstream that lived this long was healthy; its end is not a failed start. */
const healthyAfterMs = 10_000;

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
  /** Passes on a notification of a client, if the upstream runs and its era has such. */
  notify(profile: string, method: string, params: Params): void;
  /** A client is gone, and with it what it subscribed to. */
  left(client: object): void;
  /** Ends the upstream of one profile; the next call starts it anew. */
  stop(profile: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts, shares, rests and ends the upstreams: one connection per profile, whoever calls. */
export function createSupervisor(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config['upstream'];
  readonly version: string;
  /** Which era each upstream was found to speak. */
  readonly eras: EraMemory;
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
  const lanes = createLanes();
  // Stops under way: what a stopped slot still runs is waited for before its profile starts anew.
  const stops = new Map<string, Promise<void>>();
  const clientInfo = { name: 'nucleus', title: 'Nucleus', version: deps.version };
  const open = createOpening({
    clock,
    config,
    clientInfo,
    eras: deps.eras,
    open: deps.open,
    roots: deps.roots,
  });
  let closed = false;

  function slotOf(profile: string, key = profile): Slot {
    let slot = slots.get(key);
    if (!slot) {
      slot = createSlot(profile, clock);
      slots.set(key, slot);
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
    forget(slot);
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
    // Nothing is broken, and no try of ours mends it: each call says so until somebody signs in, or says where to.
    if (error.code === 'SIGN_IN_REQUIRED' || error.code === 'CONNECTOR_MOVED') {
      slot.problem = error;
      slot.nextTryAt = 0;
      return;
    }
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
    slot.live?.speaker.close();
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
    try {
      const { connection, greeting } = await open(profile, {
        isStopped: () => slot.stopped,
        onConnection: (made) => (slot.opening = made),
        events: (made, lastWords) => eventsOf(slot, made, lastWords),
      });
      const speaker = speakerOf(slot, connection, greeting);
      slot.live = { connection, greeting, speaker, since: clock.now() };
      slot.problem = null;
      log.info('spawned child', { profile, pid: connection.pid });
      watchIdle(slot, false);
      if (slots.get(profile) === slot) deps.onReady(profile);
      return greeting;
    } catch (thrown) {
      if (slot.opening) void retire(slot, slot.opening);
      const error = toNucleusError(thrown);
      if (!slot.stopped) failed(slot, error);
      throw error;
    } finally {
      slot.opening = null;
    }
  }

  function speakerOf(slot: Slot, connection: Connection, greeting: Greeting): Speaker {
    if (greeting.era === 'legacy') return speakLegacy(connection);
    const { profile, wishes } = slot;
    const onNotification = (method: string, params: Params | undefined): void =>
      deps.onNotification(profile, method, params);
    return speakModern({ profile, connection, greeting, clientInfo, clock, log, wishes, onNotification });
  }

  function eventsOf(slot: Slot, made: () => Connection | null, lastWords: () => string): ConnectionEvents {
    const { profile } = slot;
    return {
      onBusy(busy) {
        const connection = made();
        if (connection && slot.draining.has(connection)) void connection.close();
        else watchIdle(slot, busy);
      },
      onNotification: (method, params) => deps.onNotification(profile, method, params),
      onAmbiguous() {
        log.info('upstream asked while several calls were open; from now on each has a connection', {
          profile,
        });
        lanes.split(profile);
      },
      onStale(what) {
        const connection = made();
        if (!connection || slot.live?.connection !== connection) return;
        if (connection.inFlight > 0) slot.draining.add(connection);
        else void connection.close();
        fell(slot, `${what}; the next call opens another`);
      },
      onEnd(ending) {
        const connection = made();
        if (connection) slot.draining.delete(connection);
        if (slot.live?.connection !== connection) return;
        if (ending.kind === 'asked') forget(slot);
        else fell(slot, `${ending.what}${said(lastWords())}; the next call starts it again`);
      },
    };
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

  /** What a caller waits for where nothing is live. */
  async function arrive(slot: Slot, signal: AbortSignal | undefined): Promise<Greeting> {
    await abortable(() => patience(slot), signal, slot.profile);
    return abortable(() => connect(slot), signal, slot.profile);
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
    if (!slot.live) await arrive(slot, options.signal);
    // No await between here and the send: the idle reaper runs on timers and cannot come between.
    const { live } = slot;
    if (!live)
      throw (
        slot.problem ??
        new NucleusError('UPSTREAM_EXITED', `the server of ${profile} ended; call again`, { profile })
      );
    try {
      const reply = await live.speaker.request(method, params, {
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
    request(profile, method, params, options = {}) {
      if (!options.peer || !lanes.isSplit(profile))
        return send(slotOf(profile), method, params, options, false);
      const { key, giveBack } = lanes.take(profile);
      return send(slotOf(profile, key), method, params, options, false).finally(giveBack);
    },
    eraOf(profile, signal) {
      const slot = slotOf(profile);
      return slot.live?.greeting.era ?? arrive(slot, signal).then(({ era }) => era);
    },
    notify(profile, method, params) {
      const live = slots.get(profile)?.live;
      // The modern era has none that a client may send.
      if (live?.greeting.era === 'legacy') live.connection.notify(method, params);
    },
    left(client) {
      for (const { live } of slots.values()) live?.speaker.left(client);
    },
    connect: (profile) => connect(slotOf(profile)),
    status(profile) {
      const slot = slots.get(profile);
      return {
        profile,
        state: slot ? stateOf(slot, clock.now()) : 'asleep',
        pid: slot?.live?.connection.pid ?? null,
        inFlight: slot?.live?.connection.inFlight ?? 0,
        problem: slot?.problem?.message ?? null,
        oddities: slot?.live?.connection.oddities ?? 0,
      };
    },
    async stop(profile) {
      const ending = lanes.keysOf(profile).flatMap((key) => {
        const slot = slots.get(key);
        slots.delete(key);
        return slot ? [slot] : [];
      });
      if (ending.length === 0) return stops.get(profile);
      const stopping = Promise.all([stops.get(profile), ...ending.map(stop)]).then(() => {
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
