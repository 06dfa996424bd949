import type { HandlersOf, PopoverContract, WindowContract } from '../../src-shared/contract.ts';
import type { Wishes } from './app-handlers.ts';
import type { Popover } from './popover.ts';
import type { Shell } from './shell.ts';

/** What answers the popover: a few of the questions a window may put, and its own. */
export function popoverHandlers(deps: {
  readonly popover: Pick<Popover, 'hide'>;
  readonly shell: Pick<Shell, 'open'>;
  readonly wishes: Wishes;
  readonly handlers: HandlersOf<WindowContract>;
}): HandlersOf<PopoverContract> {
  const { popover, shell, wishes, handlers } = deps;
  const { gateway, connectors, profiles, signIn, approvals, audit, lock, settings, app } = handlers;
  return {
    gateway: { status: gateway.status },
    connectors: { list: connectors.list },
    profiles: { list: profiles.list, use: profiles.use },
    signIn: { begin: signIn.begin },
    approvals: { list: approvals.list, deny: approvals.deny },
    audit: { timeline: audit.timeline },
    lock: { engage: lock.engage, release: lock.release },
    settings: { get: settings.get },
    app: { copy: app.copy },
    events: {},
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
