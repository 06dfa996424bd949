import type { AppContract, HandlersOf, WindowContract } from '../../src-shared/contract.ts';
import type { Host } from '../gateway/host.ts';

/** What answers a window: the gateway, what only a person may do, since a click there is a person’s, and the app itself. */
export function windowHandlers(
  { handlers, person }: Pick<Host, 'handlers' | 'person'>,
  app: HandlersOf<AppContract>,
): HandlersOf<WindowContract> {
  return {
    ...handlers,
    ...person,
    ...app,
    workspaces: { ...handlers.workspaces, ...person.workspaces },
    approvals: { ...handlers.approvals, ...person.approvals },
    policy: { ...handlers.policy, ...person.policy },
    lock: { ...handlers.lock, ...person.lock },
    profiles: { ...handlers.profiles, ...person.profiles },
    doctor: { ...handlers.doctor, ...person.doctor },
  };
}
