import type { JudgedEffect } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { IconName } from './icon-name.ts';

/** What a call does, and who says so. */
export function effectWords({ does, basis }: JudgedEffect): string {
  const { effects } = text.approvals;
  return basis === 'unknown' ? effects.unknown : effects[does][basis];
}

export function effectIcon({ does, basis }: JudgedEffect): IconName {
  if (does === 'reads' && basis !== 'unknown') return 'search';
  return does === 'destroys' ? 'warn' : 'edit';
}
