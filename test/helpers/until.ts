import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds: only a failing test ever waits so long, so it is more than a busy machine needs. */
const patience = 20_000;

/**
 * The first value of `look` that is neither null, undefined nor false. Where something tells by itself, wait for
 * that; this is for files, processes and gateways that do not. The only place of the tests that polls.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  within = patience,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + within;
  for (;;) {
    const seen = await look();
    if (seen != null && seen !== false) return seen as Exclude<T, null | undefined | false>;
    if (performance.now() > deadline) throw new Error(`waited ${within} ms in vain until ${what}`);
    await wait(10);
  }
}

/** The outcome of `promise`, or an error that says what did not come in time. */
export async function withDeadline<T>(what: string, promise: Promise<T>, within = patience): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited ${within} ms in vain for ${what}`)), within);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * How many milliseconds `work` takes: the least of up to three tries, because anything else on the machine may hold
 * up one of them. The first try below `limit` is enough.
 */
export async function leastTime(
  limit: number,
  work: () => Promise<void>,
  prepare: () => Promise<void> = async () => {},
): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < 3 && least >= limit; attempt++) {
    await prepare();
    const started = performance.now();
    await work();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}
