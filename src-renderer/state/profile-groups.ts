import type { UpstreamStatus } from '../../src-shared/contract.ts';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import { text } from '../text.ts';
import { elementLetters } from './element.ts';
import { envRank, envWord } from './env-words.ts';
import { count } from './words.ts';

export interface ProfileEntry {
  readonly profile: Profile;
  /** What stands under the name: the id and what tells it from the others. */
  readonly who: string;
  /** null before the gateway said how it is doing. */
  readonly upstream: UpstreamStatus | null;
}

export interface ProfileGroup {
  readonly connector: string;
  readonly title: string;
  readonly letters: string;
  /** How many profiles it holds, found or not. */
  readonly size: number;
  readonly entries: readonly ProfileEntry[];
}

/** Profiles by connector in the order of their titles, defaults first, then the riskiest class, then by name; only what `find` matches. */
export function groupProfiles(
  profiles: readonly Profile[],
  connectors: readonly ConnectorSummary[],
  upstreams: readonly UpstreamStatus[],
  find: string,
): readonly ProfileGroup[] {
  const titles = connectorTitles(profiles, connectors);
  const letters = elementLetters(titles);
  const states = new Map(upstreams.map((upstream) => [upstream.profile, upstream]));
  return [...titles].flatMap(([connector, title]) => {
    const all = profiles.filter((profile) => profile.connector === connector);
    const entries = all
      .filter((profile) => matches(profile, title, find))
      .sort(
        (a, b) =>
          Number(b.isDefault) - Number(a.isDefault) ||
          envRank(a.env) - envRank(b.env) ||
          compare(a.name, b.name),
      )
      .map((profile) => ({ profile, who: whoLine(profile), upstream: states.get(profile.id) ?? null }));
    if (entries.length === 0) return [];
    return [{ connector, title, letters: letters.get(connector) ?? '?', size: all.length, entries }];
  });
}

/** `7 profiles, 5 connectors` */
export function profileCount(profiles: readonly Profile[]): string {
  const connectors = new Set(profiles.map(({ connector }) => connector)).size;
  return `${count(profiles.length, 'profile')}, ${count(connectors, 'connector')}`;
}

/** The accessible name of a row: `prod, Prod, SQLite file, default, ready, 5 tools`. */
export function rowName(entry: ProfileEntry, title: string, stateWord: string): string {
  const { profile, upstream } = entry;
  return [
    profile.name,
    envWord(profile.env),
    ...(profile.env === undefined ? [text.env.chooseOne] : []),
    title,
    ...(profile.account === undefined ? [] : [profile.account]),
    ...(profile.isDefault ? ['default'] : []),
    stateWord.toLowerCase(),
    ...(upstream ? [count(upstream.tools, 'tool')] : []),
  ].join(', ');
}

function connectorTitles(
  profiles: readonly Profile[],
  connectors: readonly ConnectorSummary[],
): Map<string, string> {
  const known = new Map(connectors.map(({ name, title }) => [name, title]));
  const names = [...new Set(profiles.map(({ connector }) => connector))];
  return new Map(
    names
      .map((name) => [name, known.get(name) ?? name] as const)
      .sort(([, a], [, b]) => compare(a.toLowerCase(), b.toLowerCase())),
  );
}

function whoLine(profile: Profile): string {
  const account = profile.account === undefined ? [] : [profile.account];
  return [profile.id, ...account, ...Object.values(profile.metadata).slice(0, 1)].join(', ');
}

function matches(profile: Profile, title: string, find: string): boolean {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const facts = [profile.id, title, profile.account ?? '', ...Object.values(profile.metadata)]
    .join(' ')
    .toLowerCase();
  return words.every((word) => facts.includes(word));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
