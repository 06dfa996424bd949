import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import { unreadable, type Guard, type GuardState } from '../storage/guard-store.ts';

/** 64 MiB and about a sixth of a second for each guess. */
const cost = { n: 2 ** 16, r: 8, p: 1 };
const saltBytes = 16;
const hashBytes = 32;
const shortest = 6;
const longest = 100;
const maxWrong = 5;
const restMs = 15 * 60_000;
/** More at once are no person's. */
const maxWaiting = 20;

/** What a person types where there is no window. */
export interface Pin {
  isSet(): boolean;
  /** Unix milliseconds; null while it may be tried. */
  lockedUntil(): number | null;
  /** Throws PIN_WRONG unless it is the PIN; tries count one by one, whoever makes them and whether or not they end. */
  verify(pin: string): Promise<void>;
  /** Sets it or another one. Throws when it is too easy to guess. */
  set(pin: string): Promise<void>;
  /** Sets it where there is none; false where one was set meanwhile. */
  setFirst(pin: string): Promise<boolean>;
  remove(): Promise<void>;
}

type Kept = NonNullable<GuardState['pin']>;

export function createPin(deps: { readonly guard: Guard; readonly clock: Clock; readonly log: Log }): Pin {
  const { guard, clock, log } = deps;
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();

  function kept(): Kept | null {
    const state = guard.state();
    if (state === 'unreadable') throw unreadable('its record does not open');
    return state.pin;
  }

  function lockedUntil(): number | null {
    const state = guard.state();
    const until = state === 'unreadable' ? null : (state.pin?.lockedUntil ?? null);
    return until !== null && until > clock.now() ? until : null;
  }

  /** The try is written down before it is made: who ends this process in between has used it up. */
  async function count(): Promise<Kept> {
    const until = lockedUntil();
    if (until !== null) throw locked(until);
    if (kept() === null)
      throw new NucleusError('PIN_WRONG', 'there is no approval PIN; set one with nucleus pin set');
    await guard.change((state) => {
      if (state.pin === null) return state;
      // One that was locked begins anew when its time is over.
      const wrong = (state.pin.lockedUntil === null ? state.pin.wrong : 0) + 1;
      const lockedUntil = wrong >= maxWrong ? clock.now() + restMs : null;
      return { ...state, pin: { ...state.pin, wrong, lockedUntil } };
    });
    const counted = kept();
    if (counted === null) throw new NucleusError('PIN_WRONG', 'the approval PIN was removed meanwhile');
    return counted;
  }

  async function tryOnce(pin: string): Promise<void> {
    const counted = await count();
    const hash = await derive(pin, counted);
    if (!timingSafeEqual(hash, Buffer.from(counted.hash, 'base64'))) {
      log.warn('a wrong approval PIN was given', { tries: counted.wrong });
      if (counted.lockedUntil !== null) throw locked(counted.lockedUntil);
      const left = maxWrong - counted.wrong;
      throw new NucleusError(
        'PIN_WRONG',
        `that is not the approval PIN; ${left} ${left === 1 ? 'try is' : 'tries are'} left before it is locked for 15 minutes`,
        { triesLeft: left },
      );
    }
    log.info('the approval PIN was given', {});
    await guard.change((state) =>
      state.pin === null ? state : { ...state, pin: { ...state.pin, wrong: 0, lockedUntil: null } },
    );
  }

  async function put(pin: string, isFirst: boolean): Promise<boolean> {
    checkPin(pin);
    const salt = randomBytes(saltBytes).toString('base64');
    const hash = await derive(pin, { salt, ...cost });
    const next: Kept = { salt, hash: hash.toString('base64'), ...cost, wrong: 0, lockedUntil: null };
    let isPut = false;
    await guard.change((state) => {
      isPut = !isFirst || state.pin === null;
      return isPut ? { ...state, pin: next } : state;
    });
    if (isPut) log.info('the approval PIN was set', {});
    return isPut;
  }

  return {
    isSet: () => kept() !== null,
    lockedUntil,
    verify(pin) {
      if (waiting >= maxWaiting)
        return Promise.reject(
          new NucleusError('PIN_WRONG', 'too many try the approval PIN at once; wait for them to end'),
        );
      waiting += 1;
      const done = tail.then(() => tryOnce(pin)).finally(() => (waiting -= 1));
      tail = done.catch(() => null);
      return done;
    },
    set: async (pin) => void (await put(pin, false)),
    setFirst: (pin) => put(pin, true),
    async remove() {
      await guard.change((state) => ({ ...state, pin: null }));
      log.info('the approval PIN was removed', {});
    },
  };
}

/** Throws unless a PIN is worth setting. */
export function checkPin(pin: string): void {
  const letters = [...pin.normalize('NFKC')];
  const refuse = (why: string): never => {
    throw new NucleusError('ARGUMENTS_INVALID', `${why}; choose another PIN`);
  };
  if (letters.length < shortest) refuse(`an approval PIN has at least ${shortest} characters`);
  if (letters.length > longest) refuse(`an approval PIN has at most ${longest} characters`);
  if (/\p{Cc}/u.test(pin)) refuse('an approval PIN has no control characters');
  const steps = new Set(letters.slice(1).map((letter, index) => stepFrom(letters[index] ?? '', letter)));
  const [only] = steps;
  if (steps.size === 1 && only !== undefined && Math.abs(only) <= 1)
    refuse('one character over and over, or a row such as 123456, is guessed at once');
}

/** How far one character stands behind another; 0 follows 9 where people count. */
function stepFrom(one: string, next: string): number {
  if (one + next === '90') return 1;
  if (one + next === '09') return -1;
  return (next.codePointAt(0) ?? 0) - (one.codePointAt(0) ?? 0);
}

function locked(until: number): NucleusError {
  return new NucleusError(
    'PIN_WRONG',
    `the approval PIN was given wrong ${maxWrong} times and is locked until ${new Date(until).toISOString()}; wait, or use the app`,
    { triesLeft: 0, lockedUntil: until },
  );
}

function derive(
  pin: string,
  { salt, n, r, p }: { readonly salt: string; readonly n: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  // Two ways to type the same letter are one PIN.
  const text = pin.normalize('NFKC');
  const options = { N: n, r, p, maxmem: 256 * n * r };
  return new Promise((resolve, reject) => {
    scrypt(text, Buffer.from(salt, 'base64'), hashBytes, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
