import type { HandlersOf, PopoverContract } from '../../src-shared/contract.ts';
import type { Wishes } from './app-handlers.ts';
import type { Popover } from './popover.ts';
import type { Shell } from './shell.ts';

/** What the app's own process answers to the popover. */
export function popoverHandlers(deps: {
  readonly popover: Pick<Popover, 'hide'>;
  readonly shell: Pick<Shell, 'open'>;
  readonly wishes: Wishes;
}): HandlersOf<PopoverContract> {
  const { popover, shell, wishes } = deps;
  return {
    popover: {
      leaveFor({ view, profile, add }) {
        if (add) wishes.add = true;
        if (profile !== null) wishes.profile = profile;
        shell.open(add || profile !== null ? 'profiles' : (view ?? undefined));
        return {};
      },
      close() {
        popover.hide();
        return {};
      },
    },
  };
}
