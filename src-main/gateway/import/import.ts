import type { Handlers, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Platform } from '../platform.ts';
import type { Paths } from '../storage/paths.ts';

/** Brings in what a person's clients have already: their servers become connectors and profiles. */
export function createImport(_deps: {
  readonly platform: Platform;
  readonly paths: Paths;
  readonly handlers: Pick<Handlers, 'connectors' | 'profiles'>;
  readonly hosts: Hosts;
}): HandlersOf<PersonContract>['import'] {
  return {
    look: () => ({ version: '', sources: [], servers: [], last: null }),
    run: () => ({ added: [], failed: [], changed: [] }),
    undo: () => ({ removed: [], restored: [], merged: [] }),
  };
}
