import type { Rule } from '../../../src-shared/policy.ts';

/** What holds for profiles of a class unless policy.toml says `defaults = false`; its rules may exempt calls with `allow`. */
export const defaultRules: readonly Rule[] = [
  { env: ['prod'], effect: ['writes'], approve: 'human', reason: 'Prod class: writes need a person.' },
  {
    env: ['staging'],
    effect: ['destroys'],
    approve: 'human',
    reason: 'Staging class: what destroys needs a person.',
  },
];
