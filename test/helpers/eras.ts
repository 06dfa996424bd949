import type { EraMemory } from '../../src-main/gateway/upstream/era-memory.ts';
import type { Era } from '../../src-main/gateway/wire/peer.ts';

/** A memory that knows every server as one of an era, or none with null, and what it was told since. */
export function createFakeEras(
  era: Era | null = 'legacy',
): EraMemory & { readonly noted: [profile: string, era: Era, server: string, isFound: boolean][] } {
  const noted: [string, Era, string, boolean][] = [];
  return { noted, recall: () => era, note: (...all) => void noted.push(all) };
}
