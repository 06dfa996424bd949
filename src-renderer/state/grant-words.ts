import type { GrantInfo } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import { span } from './words.ts';

/** How far a grant still goes: `12 min left, 3 calls left`. */
export function grantLeft({ endsAt, callsLeft, isKept }: GrantInfo, now: number): string {
  const words = text.approvals.grants;
  const ends = [
    ...(endsAt === null ? [] : [words.ends(span(Math.max(0, endsAt - now)))]),
    ...(callsLeft === null ? [] : [words.calls(callsLeft)]),
  ];
  return [...(ends.length === 0 ? [words.forever] : ends), ...(isKept ? [words.kept] : [])].join(', ');
}
