import type { ActivityRow } from '../../src-shared/audit.ts';
import type { PendingApproval } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { IconName } from './icon-name.ts';

/** One line of the Activity list: a call that was made, or one that waits for a person. */
export type Entry =
  | { readonly kind: 'call'; readonly id: string; readonly row: ActivityRow }
  | { readonly kind: 'waiting'; readonly id: string; readonly approval: PendingApproval };

/** How a call ended, in a word and a glyph. */
export interface OutcomeWord {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: 'plain' | 'ok' | 'warn' | 'bad';
}

export function outcomeWord({ outcome, decision, duration, approval }: ActivityRow): OutcomeWord {
  const words = text.activity.outcomes;
  switch (outcome) {
    case 'ok':
      if (approval !== null) return { word: words.allowed, icon: 'approvals', tone: 'plain' };
      return { word: text.activity.took(duration), icon: 'okc', tone: 'ok' };
    case 'blocked':
      if (decision === 'confirm-required') return { word: words.phrase, icon: 'hand', tone: 'plain' };
      if (decision === 'confirm-mismatch') return { word: words.wrongPhrase, icon: 'block', tone: 'plain' };
      return { word: words.denied, icon: 'block', tone: 'plain' };
    case 'upstream-error':
    case 'transport-error':
      return { word: words.failed, icon: 'badc', tone: 'bad' };
    case 'unknown':
      return { word: words.unknown, icon: 'warn', tone: 'warn' };
    default:
      // A word of another version, or of whoever wrote into the file.
      return { word: outcome === '' ? words.none : words.other, icon: 'dots', tone: 'plain' };
  }
}

export const waitingWord: OutcomeWord = {
  word: text.activity.outcomes.waiting,
  icon: 'hand',
  tone: 'warn',
};

/** Whether it went wrong: neither fine nor refused. */
export function isFailed({ outcome }: ActivityRow): boolean {
  return outcome !== 'ok' && outcome !== 'blocked';
}

/** What went wrong, and what that means for the data; null where nothing did. */
export function verdictOf(row: ActivityRow): {
  readonly title: string;
  readonly means: string;
  readonly icon: IconName;
  readonly tone: 'plain' | 'warn' | 'bad';
} | null {
  const words = text.call.verdicts;
  const meant = row.effect === 'reads' ? words.reads : words.mayHave;
  switch (row.outcome) {
    case 'ok':
      return null;
    case 'blocked':
      if (row.decision === 'confirm-required')
        return { title: words.phrase, means: words.phraseMeans, icon: 'hand', tone: 'plain' };
      if (row.decision === 'confirm-mismatch')
        return { title: words.wrongPhrase, means: words.nothing, icon: 'block', tone: 'plain' };
      return { title: words.denied, means: words.nothing, icon: 'block', tone: 'plain' };
    case 'upstream-error':
      return { title: words.upstream, means: meant, icon: 'badc', tone: 'bad' };
    case 'transport-error':
      return { title: words.transport, means: meant, icon: 'badc', tone: 'bad' };
    case 'unknown':
      return { title: words.unknown, means: `${words.unknownMeans} ${meant}`, icon: 'warn', tone: 'warn' };
    default:
      return { title: words.other(row.outcome), means: words.otherMeans, icon: 'dots', tone: 'plain' };
  }
}

/** Which account it was, also where the original left its id out. */
export function profileOf({ profile, connector, alias }: ActivityRow): string {
  return profile ?? `${connector}:${alias}`;
}

/** `sha256 9f3a…c41e`: enough to tell two hashes apart. */
export function shortHash(hash: string): string {
  const [kind = '', hex = ''] = hash.split(':');
  return hex.length > 12 ? `${kind} ${hex.slice(0, 4)}…${hex.slice(-4)}` : hash;
}

/** `failed` calls by account, in sentences: for who hears the window. */
export function failuresSaid(rows: readonly ActivityRow[]): string {
  const counts = new Map<string, number>();
  for (const row of rows.filter(isFailed)) {
    const profile = profileOf(row);
    counts.set(profile, (counts.get(profile) ?? 0) + 1);
  }
  return [...counts].map(([profile, amount]) => text.activity.failedOn(amount, profile)).join(' ');
}
