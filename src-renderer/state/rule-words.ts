import type { EnvClass, PolicyTest, RuleView } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { IconName } from './icon-name.ts';

/** Glyph of what a rule does, or of what would happen. */
export const thenIcons: Readonly<Record<RuleView['then'], IconName>> = {
  deny: 'block',
  ask: 'hand',
  confirm: 'key',
  allow: 'check',
};

export function verdictThen(decision: PolicyTest['decision']): RuleView['then'] {
  return decision === 'approve' ? 'ask' : decision;
}

/** Whom a rule is about, in words; its classes stand beside as tags. */
export function ruleProfiles({ profiles, envs }: RuleView): string {
  if (profiles.length > 0) return profiles.join(text.policy.and);
  return envs.length > 0 ? text.policy.every : text.policy.everyProfile;
}

/** The one profile a rule is about, where it names no pattern. */
export function ruleProfile(
  { profiles, envs }: RuleView,
  known: (id: string) => EnvClass | null | undefined,
): { readonly id: string; readonly env: EnvClass | null } | null {
  const [id, ...others] = profiles;
  if (id === undefined || others.length + envs.length > 0) return null;
  const env = known(id);
  return env === undefined ? null : { id, env };
}

/** Patterns of tools, and whether they stand for all. */
export function ruleTools({ tools, effects }: RuleView): {
  readonly patterns: string;
  readonly words: string;
} {
  // What writes is about what destroys as well; both are one thing said.
  const said = effects.filter((one) => one !== 'destroys' || !effects.includes('writes'));
  const words = said.map((effect) => text.policy.effects[effect]).join(text.policy.and);
  const isAll = tools.every((pattern) => pattern === '*');
  return {
    patterns: isAll ? '' : tools.join(text.policy.and),
    words: isAll && words === '' ? text.policy.any : words,
  };
}
