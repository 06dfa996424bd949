import { cap } from './cap.ts';
import type { Comparison, ProfileComparison, RefusedSide, Side } from './comparison.ts';
import { noFindings } from './findings.ts';
import { compareLimits } from './limits.ts';
import { diffLines } from './lines.ts';
import { readResult, type Reading } from './read-result.ts';
import { refuseLarge } from './refuse-large.ts';
import { summarize } from './summary.ts';
import { diffValues } from './values.ts';

/**
 * What differs between the results of several profiles, each compared with the base: the named one, or else the first
 * that has a result. Pure; how long it takes grows with the results, so see comparer.ts.
 */
export function compareResults(sides: readonly (Side | RefusedSide)[], baseProfile?: string): Comparison {
  const not_compared: { profile: string; reason: string }[] = [];
  const read = refuseLarge(sides).flatMap((side): { profile: string; reading: Reading }[] => {
    const { profile } = side;
    const reading = 'problem' in side ? side : readResult(side.json);
    if (!('problem' in reading)) return [{ profile, reading }];
    not_compared.push({ profile, reason: reading.problem.slice(0, compareLimits.valueLength) });
    return [];
  });
  const base = read.find(({ profile }) => profile === baseProfile) ?? read[0];
  const others = read.filter((side) => side !== base);
  // Alone it has nothing to be compared with, and nothing is said of it.
  const budget = Math.floor(compareLimits.bytes / Math.max(1, others.length));
  const profiles = base
    ? others.map(({ profile, reading }) => comparePair(base.reading, profile, reading, budget))
    : [];
  const comparison = {
    base: base?.profile ?? baseProfile ?? sides[0]?.profile ?? '',
    profiles,
    not_compared,
  };
  return { ...comparison, summary: summarize(comparison) };
}

function comparePair(base: Reading, profile: string, other: Reading, bytes: number): ProfileComparison {
  const found = noFindings();
  const areData = base.value !== undefined && other.value !== undefined;
  if (areData) diffValues('', base.value, other.value, found);
  else diffLines(base.text, other.text, found);
  if (base.others.length + other.others.length > 0) diffValues('content', base.others, other.others, found);
  const shown = cap(found, bytes);
  const { added, removed, changed } = shown.counts;
  const hasColumns = found.tables.some(({ table }) => table.columns_added ?? table.columns_removed);
  return {
    profile,
    same: added + removed + changed === 0 && !hasColumns,
    read_from: {
      base: areData ? base.source : 'text',
      profile: areData ? other.source : 'text',
    },
    ...shown,
  };
}
