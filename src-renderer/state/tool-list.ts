import type { ExposedTool } from '../../src-shared/contract.ts';
import type { FoundTools } from '../../src-shared/found-tools.ts';
import { text } from '../text.ts';
import { count } from './words.ts';

export interface ToolRow {
  readonly tool: ExposedTool;
  /** Why it was found; null where nothing was looked for. */
  readonly because: readonly string[] | null;
}

/** All tools in the order they came in. */
export function allRows(tools: readonly ExposedTool[]): readonly ToolRow[] {
  return tools.map((tool) => ({ tool, because: null }));
}

/** The tools that have every word somewhere in name, profile or description. */
export function filteredRows(tools: readonly ExposedTool[], find: string): readonly ToolRow[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  return allRows(
    tools.filter(({ name, profile, description }) => {
      const all = `${name} ${profile} ${description}`.toLowerCase();
      return words.every((word) => all.includes(word));
    }),
  );
}

/** The tools a client is told of, in its order; each is followed by the same tool of other profiles. */
export function rankedRows(tools: readonly ExposedTool[], found: FoundTools): readonly ToolRow[] {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const rows = new Map<string, ToolRow>();
  const add = (name: string, because: readonly string[]): void => {
    const tool = byName.get(name);
    // One that came or went meanwhile: both lists are asked for again.
    if (tool && !rows.has(name)) rows.set(name, { tool, because });
  };
  for (const { name, because, also_on: also = [], more_accounts: more = 0 } of found.tools) {
    add(name, [...because, ...(more > 0 ? [text.tools.moreProfiles(count(more, 'other profile'))] : [])]);
    for (const other of also) add(other, [text.tools.sameTool]);
  }
  return [...rows.values()];
}

/** `214 tools, 7 profiles` */
export function toolCount(tools: readonly ExposedTool[]): string {
  const profiles = new Set(tools.map(({ profile }) => profile)).size;
  return `${count(tools.length, 'tool')}, ${count(profiles, 'profile')}`;
}

/** What a row has room for: the first words of the description on one line, without the account it begins with. */
export function firstWords({ profile, description }: ExposedTool): string {
  const [connector] = profile.split(':');
  const isNamed = description.startsWith(`[${connector}/`);
  const words = isNamed
    ? description.slice(description.indexOf('] ') + 1 || description.length)
    : description;
  return words
    .trim()
    .slice(0, 200)
    .replaceAll(/[ \t\r\n]+/g, ' ');
}
