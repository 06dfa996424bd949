import type { ExposedTool } from '../../src-shared/contract.ts';
import { count } from './words.ts';

/** The tools that have every word somewhere in name, profile or description, in the order they came in. */
export function findTools(tools: readonly ExposedTool[], find: string): readonly ExposedTool[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return tools;
  return tools.filter(({ name, profile, description }) => {
    const text = `${name} ${profile} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
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
