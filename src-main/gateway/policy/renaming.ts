import { matchesGlob } from '../../../src-shared/glob.ts';
import type { PolicyFile, Rule } from '../../../src-shared/policy.ts';
import { waysOf } from './decide.ts';

/** Whether a profile that gets another id is judged no milder by it: a new name must not be a way around a rule. */
export function keepsRules({ rule: rules }: PolicyFile, from: string, to: string): boolean {
  return rules.every((rule) => {
    const isBefore = isAboutId(rule, from);
    if (isBefore === isAboutId(rule, to)) return true;
    const { deny, confirm, allow, approve } = rule;
    if (isBefore) return !deny?.length && !confirm?.length && approve === undefined;
    // One that asks may take the place of a class's rule.
    return !allow?.length && !(approve && waysOf(rule).includes('client'));
  });
}

/** By all conditions that look at its id; where no view says otherwise its name is its alias. */
function isAboutId({ match, profile, connector, alias }: Rule, id: string): boolean {
  const [service = '', name = ''] = id.split(':');
  const has = (globs: readonly string[] | undefined, text: string): boolean =>
    !globs || globs.some((glob) => matchesGlob(glob, text));
  const sides = match?.toLowerCase().split(':') ?? ['*', '*'];
  const isMatch = [service, name].every((text, index) => {
    const side = sides[index]?.trim();
    return side === '*' || side === text.toLowerCase();
  });
  return isMatch && has(profile, id) && has(connector, service) && has(alias, name);
}
