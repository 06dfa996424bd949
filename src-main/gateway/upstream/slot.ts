import type { UpstreamState } from '../../../src-shared/contract.ts';
import type { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import type { Connection } from './connection.ts';
import type { Greeting } from './era.ts';
import { createHold, type Hold } from './hold.ts';
import type { Speaker } from './modern.ts';
import type { Wishes } from './subscriptions.ts';

/** From this many failures on, calls are refused at once and only a timed try starts the upstream. */
export const circuitAfter = 5;

/** One profile's place: what runs of it, and how it fared. */
export interface Slot {
  readonly profile: string;
  /** The connection of a start under way, so that a stop need not wait for it. */
  opening: Connection | null;
  stopped: boolean;
  live: { connection: Connection; greeting: Greeting; speaker: Speaker; since: number } | null;
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
  /** Resources clients subscribed to. */
  readonly wishes: Wishes;
  forgetIdle: () => void;
  forgetRetry: () => void;
}

/** A place where nothing runs yet. */
export function createSlot(profile: string, clock: Clock): Slot {
  return {
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
    wishes: new Map(),
    forgetIdle: () => {},
    forgetRetry: () => {},
  };
}

/** What status shows of it. */
export function stateOf(slot: Slot, now: number): UpstreamState {
  if (slot.live) return 'ready';
  if (slot.starting) return 'starting';
  if (slot.problem?.code === 'SIGN_IN_REQUIRED') return 'signed-out';
  if (slot.problem?.code === 'VAULT_LOCKED' || slot.problem?.code === 'SECRET_MISSING') return 'locked';
  if (slot.failures >= circuitAfter) return 'failing';
  return slot.problem && slot.nextTryAt > now ? 'resting' : 'asleep';
}
