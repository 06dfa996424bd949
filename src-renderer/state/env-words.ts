import { envClasses } from '../../src-shared/env-class.ts';
import type { EnvClass } from '../../src-shared/policy.ts';
import { text } from '../text.ts';

/** A class as the sheet of styles and the marks know it; `unset` where nobody gave one. */
export type EnvName = EnvClass | 'unset';

/** All of them in the order of their risk, `unset` last. */
export const envNames: readonly EnvName[] = [...envClasses, 'unset'];

export function envName(env: EnvClass | null | undefined): EnvName {
  return env ?? 'unset';
}

/** The class in a word, which says it where colour and shape are lost. */
export function envWord(env: EnvClass | null | undefined): string {
  return text.env.words[envName(env)];
}

/** The place of a class among the others: riskier ones come first. */
export function envRank(env: EnvClass | null | undefined): number {
  return envNames.indexOf(envName(env));
}

/** What was chosen, as the gateway is told. */
export function envOf(name: EnvName): EnvClass | null {
  return name === 'unset' ? null : name;
}
