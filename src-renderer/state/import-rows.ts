import type { ImportPlan, ImportServer } from '../../src-shared/import.ts';
import type { EnvClass } from '../../src-shared/policy.ts';
import { text } from '../text.ts';

/** What becomes one profile: the same server can stand in several files. */
export interface ImportRow {
  /** Id of the profile. */
  readonly id: string;
  readonly name: string;
  /** A guess from the name. */
  readonly env: EnvClass | null;
  readonly how: string;
  readonly servers: readonly ImportServer[];
  /** Where it stands now: `github-work in Cursor`. */
  readonly from: readonly string[];
  /** A profile does the same already. */
  readonly isKnown: boolean;
}

/** What becomes one connector. */
export interface ImportGroup {
  readonly connector: string;
  readonly title: string;
  readonly rows: readonly ImportRow[];
}

/** What a plan brings in, by connector, in the order of the files. */
export function importGroups(plan: ImportPlan): readonly ImportGroup[] {
  const coming = plan.servers.filter(({ state }) => state !== 'left');
  return [...Map.groupBy(coming, ({ connector }) => connector)].map(([connector, servers]) => ({
    connector,
    title: servers[0]?.title ?? connector,
    rows: [...Map.groupBy(servers, ({ profile }) => profile)].map(([name, ofOne]) => ({
      id: `${connector}:${name}`,
      name,
      env: ofOne.find(({ env }) => env !== null)?.env ?? null,
      how: ofOne[0]?.how ?? '',
      servers: ofOne,
      from: ofOne.map((one) => text.imports.from(one.name, titleOf(plan, one.file))),
      isKnown: ofOne.every(({ state }) => state === 'known'),
    })),
  }));
}

/** Whose files something stands in: `Cursor and Claude Desktop`, `Cursor, Zed and 2 more`. */
export function placesOf(plan: ImportPlan, servers: readonly ImportServer[]): string {
  const titles = [...new Set(servers.map(({ file }) => titleOf(plan, file)))];
  const shown = titles.length > 3 ? [...titles.slice(0, 2), text.imports.more(titles.length - 2)] : titles;
  return new Intl.ListFormat('en').format(shown).replace(', and ', ' and ');
}

/** What leaves the files of one row: `1 token moves to your keychain`; null when nothing has to. */
export function movesOf(row: ImportRow, place: string): string | null {
  const names = new Set(row.servers.flatMap(({ secrets }) => secrets.map(({ name }) => name)));
  if (names.size === 0) return null;
  const areTokens = [...names].every((name) => /token/i.test(name));
  return text.imports.moves(names.size, areTokens ? 'token' : 'secret', place);
}

/** The files that are rewritten when these rows are brought in: those of clients, never others. */
export function rewrittenBy(plan: ImportPlan, rows: readonly ImportRow[]): readonly string[] {
  const ours = new Set(plan.sources.filter(({ host }) => host !== null).map(({ file }) => file));
  return [...new Set(rows.flatMap(({ servers }) => servers.map(({ file }) => file)))].filter((file) =>
    ours.has(file),
  );
}

export function titleOf(plan: ImportPlan, file: string): string {
  return plan.sources.find((source) => source.file === file)?.title ?? file;
}
