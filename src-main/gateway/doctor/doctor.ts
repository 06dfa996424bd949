import type { Handlers, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Platform } from '../platform.ts';
import type { Paths } from '../storage/paths.ts';

/** Looks at everything a person relies on, and mends what can be mended safely. */
export interface Doctor {
  readonly run: Handlers['doctor']['run'];
  readonly fix: HandlersOf<PersonContract>['doctor']['fix'];
}

export function createDoctor(_deps: {
  readonly platform: Platform;
  readonly paths: Paths;
  readonly handlers: Omit<Handlers, 'doctor'>;
  readonly hosts: Hosts;
}): Doctor {
  return {
    run: () => [],
    fix: () => ({ finding: null }),
  };
}
