import type { EnvClass } from '../../src-shared/policy.ts';
import type { IconName } from './icon-name.ts';
import type { KeyAct } from './keys.ts';

/** More hits than this are never shown: nobody walks them. */
export const maxHits = 50;

interface Common {
  readonly id: string;
  readonly label: string;
  /** What stands under or beside it, and is looked through as well. */
  readonly hint: string;
  /** Other words for it, looked through and not shown. */
  readonly also?: string;
}

/** What the palette offers. A profile, and a tool of one, never shows without its class. */
export type PaletteHit = Common &
  (
    | { readonly kind: 'profile' | 'tool'; readonly profile: string; readonly env: EnvClass | null }
    | { readonly kind: 'view' | 'action'; readonly icon: IconName; readonly act?: KeyAct }
  );

/** A hit made ready to be looked through many times. */
export interface Sought {
  readonly hit: PaletteHit;
  readonly label: string;
  readonly rest: string;
}

export function soughtOf(hit: PaletteHit): Sought {
  return { hit, label: hit.label.toLowerCase(), rest: `${hit.hint} ${hit.also ?? ''}`.toLowerCase() };
}

/**
 * What fits all words that were typed: what begins with them first, then what has them within its name, then in what is
 * said of it; among equals in the order given. Without a word everything but tools fits.
 */
export function findHits(query: string, all: readonly Sought[]): readonly PaletteHit[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0)
    return all.flatMap(({ hit }) => (hit.kind === 'tool' ? [] : [hit])).slice(0, maxHits);
  const ranks: PaletteHit[][] = Array.from({ length: worst + 1 }, () => []);
  for (const one of all) {
    const rank = rankOf(one, words);
    if (rank !== null) ranks[rank]?.push(one.hit);
  }
  return ranks.flat().slice(0, maxHits);
}

const worst = 3;

/** 0 is best, null fits not. A tool is found behind everything that fits as well. */
function rankOf({ hit, label, rest }: Sought, words: readonly string[]): number | null {
  if (!words.every((word) => label.includes(word) || rest.includes(word))) return null;
  if (hit.kind === 'tool') return worst;
  const [first = ''] = words;
  if (label.startsWith(first)) return 0;
  return words.every((word) => label.includes(word)) ? 1 : 2;
}
