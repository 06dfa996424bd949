import type { RequestState, RequestStates } from '../wire/eras/new-old.ts';
import { createSeal } from './seal.ts';

/** Seals which parked call a client goes on with. The next process has no such calls. */
export function createRequestStates(random?: (bytes: number) => Buffer): RequestStates {
  return createSeal<RequestState>(random);
}
