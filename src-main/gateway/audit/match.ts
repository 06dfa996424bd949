import type { StoredAuditRecord } from '../../../src-shared/audit.ts';

/** Which records to answer; all that are given must hold. Words are compared whole, without regard to case. */
export interface AuditFilter {
  readonly connector?: string | undefined;
  readonly alias?: string | undefined;
  readonly profile?: string | undefined;
  readonly tool?: string | undefined;
  readonly client?: string | undefined;
  readonly principal?: string | undefined;
  readonly outcome?: string | undefined;
  readonly decision?: string | undefined;
  /** Each of its words stands somewhere in tool, profile, client or reason. */
  readonly text?: string | undefined;
  /** Unix milliseconds, both ends included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** A function that says whether a record is let through. */
export function createMatcher(filter: AuditFilter): (record: StoredAuditRecord) => boolean {
  const wanted = wholeWords
    .map((word) => [word, filter[word]?.toLowerCase()] as const)
    .filter(([, value]) => value !== undefined);
  const words = wordsOf(filter.text ?? '');
  const { since = -Infinity, until = Infinity } = filter;
  const isTimed = since > -Infinity || until < Infinity;
  return (record) => {
    if (isTimed) {
      const at = Date.parse(record.ts);
      if (at < since || at > until) return false;
    }
    if (!wanted.every(([word, value]) => valueOf(record, word).toLowerCase() === value)) return false;
    return hasWords(words, [record.tool, profileOf(record), record.client, record.reason]);
  };
}

const wholeWords = [
  'connector',
  'alias',
  'profile',
  'tool',
  'client',
  'principal',
  'outcome',
  'decision',
] as const;

function valueOf(record: StoredAuditRecord, word: (typeof wholeWords)[number]): string {
  return word === 'profile' ? profileOf(record) : (record[word] ?? '');
}

/** The original left the id out where it was the same as connector and alias. */
export function profileOf({ profile_id, connector, alias }: StoredAuditRecord): string {
  return profile_id ?? `${connector}:${alias}`;
}

/** What is searched for, in lower case. */
export function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Whether each word stands somewhere in one of the texts. */
export function hasWords(words: readonly string[], texts: readonly (string | undefined)[]): boolean {
  return words.every((word) => texts.some((text) => text?.toLowerCase().includes(word)));
}
