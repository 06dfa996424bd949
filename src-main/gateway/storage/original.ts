import { readdirSync } from 'node:fs';
import type { Paths } from './paths.ts';

/** As many are named. */
const maxNames = 20;

/** What the original left in `oauth/`: the tokens of its sign-ins, in clear text. null when there are none. */
export function findClearTokens(paths: Paths): { readonly folder: string; readonly names: string } | null {
  const names = namesIn(paths.originalTokens);
  if (names.length === 0) return null;
  const shown = names.slice(0, maxNames).join(', ');
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  return { folder: paths.originalTokens, names: `${shown}${more}` };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there, or not ours to read: then there is nothing a warning could help with.
    return [];
  }
}
