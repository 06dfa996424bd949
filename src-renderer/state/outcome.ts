import type { Probe } from '../../src-shared/contract.ts';
import { text } from '../text.ts';
import { sentence } from './words.ts';

/** What starting a server once showed. */
export interface Outcome {
  readonly profile: string;
  readonly isFine: boolean;
  readonly sentence: string;
}

/** The outcome of a check in one sentence; `isNew`: it was made while adding the profile. */
export function outcomeOf(profile: string, probe: Probe, isNew: boolean): Outcome {
  if (probe.ok) {
    const seconds = (probe.milliseconds / 1_000).toFixed(1);
    return { profile, isFine: true, sentence: text.inspector.found(probe.tools, probe.server, seconds) };
  }
  const say = isNew ? text.inspector.notFound : text.inspector.checkFailed;
  return { profile, isFine: false, sentence: say(sentence(probe.message)) };
}
