import type { PolicyInfo } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { StateWord } from './upstream-words.ts';
import { timeOfDay } from './words.ts';

/** How policy.toml is doing: a glyph and a word. */
export function policyState({ state, loadedAt, rules }: PolicyInfo): StateWord {
  const { policy } = text;
  if (state === 'pending') return { icon: 'warn', tone: 'warn', word: policy.states.pending };
  if (state === 'invalid') return { icon: 'badc', tone: 'bad', word: policy.states.invalid };
  if (state === 'none') return { icon: 'policy', tone: 'plain', word: policy.states.none };
  return { icon: 'okc', tone: 'ok', word: policy.loaded(timeOfDay(loadedAt), rules.length) };
}
