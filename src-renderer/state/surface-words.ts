import type { Surface } from '../../src-shared/contract.ts';
import { modes, type Mode } from '../../src-shared/modes.ts';
import { text } from '../text.ts';
import { count } from './words.ts';

/** The modes one can choose, in the order they are offered. `compat` is for who has it in config.toml already. */
export function offeredModes(mode: Mode): readonly Mode[] {
  const offered: readonly Mode[] = ['auto', 'expose-all', 'hybrid', 'merged', 'search'];
  return modes.filter((one) => offered.includes(one) || one === mode).toSorted(byPlace);

  function byPlace(a: Mode, b: Mode): number {
    const places = [...offered, 'compat'];
    return places.indexOf(a) - places.indexOf(b);
  }
}

/** What clients are sent, of what all tools would cost: `6,140` and `of 38,120 tokens; auto chose merged`. */
export function costWords(surface: Surface): { readonly tokens: string; readonly rest: string } {
  const { mode, chosen, costs } = surface;
  const all = costs['expose-all'].tokens.toLocaleString('en');
  const why =
    mode === 'auto'
      ? text.surface.autoChose(text.surface.modes[chosen].toLowerCase())
      : text.surface.shows(count(costs[chosen].tools, 'tool'));
  return { tokens: costs[chosen].tokens.toLocaleString('en'), rest: text.surface.ofAll(all, why) };
}

/** What a mode would cost: `84 tools, about 6,140 tokens`. */
export function modeCost(surface: Surface, mode: Mode): string {
  const { tools, tokens } = surface.costs[mode === 'auto' ? surface.chosen : mode];
  return `${count(tools, 'tool')}, about ${count(tokens, 'token')}`;
}

/** The part of all tokens that is spent, in percent of a bar. Joined tools can cost more than what they join. */
export function share({ chosen, costs }: Surface): number {
  const all = costs['expose-all'].tokens;
  return all === 0 ? 0 : Math.min(100, Math.round((costs[chosen].tokens / all) * 100));
}

/** Why a setting cannot be changed here; null when it can. */
export function blockedBy(surface: Surface | null, setting: keyof Surface['origins']): string | null {
  if (!surface) return text.surface.unknown;
  if (surface.file === null) return text.surface.noFile;
  const { ruledBy } = surface.origins[setting];
  return ruledBy === null ? null : text.surface.ruledBy(ruledBy);
}
