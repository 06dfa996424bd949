import type { UpstreamState } from '../../src-shared/contract.ts';
import type { IconName } from './icon-name.ts';

export interface StateWord {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: 'ok' | 'plain' | 'warn' | 'bad';
}

const words: Readonly<Record<UpstreamState, StateWord>> = {
  ready: { word: 'Ready', icon: 'okc', tone: 'ok' },
  starting: { word: 'Starting', icon: 'clock', tone: 'plain' },
  asleep: { word: 'Asleep', icon: 'clock', tone: 'plain' },
  resting: { word: 'Resting', icon: 'pause', tone: 'warn' },
  failing: { word: 'Failing', icon: 'badc', tone: 'bad' },
  'signed-out': { word: 'Needs sign-in', icon: 'key', tone: 'warn' },
  locked: { word: 'Locked', icon: 'lock', tone: 'plain' },
};

/** How a state is said: a glyph and a word, never a colour alone. */
export function stateWord(state: UpstreamState): StateWord {
  return words[state];
}

/** What stands in a row before the gateway said how its profile is doing. */
export const unknownState: StateWord = { word: 'Not known yet', icon: 'clock', tone: 'plain' };
