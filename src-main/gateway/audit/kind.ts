import type { StoredAuditRecord } from '../../../src-shared/audit.ts';
import { hasWords, profileOf } from './match.ts';

/** Longer texts are cut: the index is for finding, the line says it all. */
const maxChars = 200;

/**
 * What many records have in common: connector, alias, profile, tool, client, principal, via, decision, outcome, reason.
 * The index keeps each such row once per file and looks for words there alone, not in every record.
 */
export type Kind = readonly [
  connector: string,
  alias: string,
  profile: string,
  tool: string,
  client: string,
  principal: string,
  via: string,
  decision: string,
  outcome: string,
  reason: string,
];

export function kindOf(record: StoredAuditRecord): Kind {
  const { connector, alias, tool, client, principal, via, decision, outcome, reason } = record;
  return [
    cut(connector),
    cut(alias),
    cut(profileOf(record)),
    cut(tool),
    cut(client ?? ''),
    cut(principal ?? ''),
    cut(via),
    cut(decision),
    cut(outcome),
    cut(reason ?? ''),
  ];
}

export const outcomeOf = (kind: Kind): string => kind[8];
export const profileOfKind = (kind: Kind): string => kind[2];

/** What is asked of a kind; everything that is given must hold. */
export interface KindFilter {
  /** In lower case. */
  readonly words: readonly string[];
  readonly isWanted: (profile: string) => boolean;
  readonly tool: string | null;
  readonly client: string | null;
  readonly outcome: readonly string[];
  readonly decision: readonly string[];
  readonly via: readonly string[];
}

export function fits(kind: Kind, filter: KindFilter): boolean {
  const [, , profile, tool, client, , via, decision, outcome, reason] = kind;
  return (
    isSame(filter.tool, tool) &&
    isSame(filter.client, client) &&
    isAmong(filter.outcome, outcome) &&
    isAmong(filter.decision, decision) &&
    isAmong(filter.via, via) &&
    filter.isWanted(profile) &&
    hasWords(filter.words, [tool, profile, client, reason])
  );
}

function isSame(wanted: string | null, value: string): boolean {
  return wanted === null || cut(wanted).toLowerCase() === value.toLowerCase();
}

export function isAmong(wanted: readonly string[], value: string): boolean {
  return wanted.length === 0 || wanted.some((one) => isSame(one, value));
}

/** A half of a character at the cut would not come back from the database as it was. */
function cut(text: string): string {
  return (text.length <= maxChars ? text : text.slice(0, maxChars)).toWellFormed();
}
