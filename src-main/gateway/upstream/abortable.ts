import { NucleusError } from '../../../src-shared/errors.ts';

/** A caller that gives up stops waiting; the start it waited for goes on for the others. */
export async function abortable<T>(
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
