import { clipboard } from 'electron';
import type {
  AppSettings,
  AskContext,
  HandlersOf,
  PersonContract,
  Topic,
} from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import { localApi } from '../gateway/downstream/control.ts';
import type { Host } from '../gateway/host.ts';
import type { Log } from '../gateway/platform.ts';
import type { Wishes } from './app-handlers.ts';
import { approvalNotice, lostSignIns, signInNotice } from './notification-text.ts';
import { createNotifier } from './notifications.ts';
import type { Popover } from './popover.ts';
import type { PreferenceStore } from './preferences.ts';
import type { AppTray, TraySnapshot } from './tray.ts';
import type { AppWindow } from './window.ts';

type View = AppSettings['view'];

export interface ShellDeps {
  readonly host: Host;
  readonly window: AppWindow;
  readonly popover: Popover;
  readonly tray: AppTray;
  readonly preferences: PreferenceStore;
  readonly log: Log;
  readonly wishes: Wishes;
  /** The version to tell of in the tray. */
  newVersion(): string | null;
  quit(): void;
}

/** All of the app that is seen: tray, window, notifications. The gateway neither needs nor knows it. */
export interface Shell {
  /** Brings the tray back when it was taken away, and opens the window when told to. */
  show(options: { window: boolean }): void;
  /** Opens the window, on what was chosen outside of it. */
  open(view?: View): void;
  /** Takes tray and window away; notifications still come. */
  hide(): void;
  /** Says to all that is seen what changed. */
  tell(topics: readonly Topic[]): void;
  close(): void;
}

export function createShell(deps: ShellDeps): Shell {
  const { host, window, popover, preferences, log, tray, wishes, quit } = deps;
  const api = localApi(host.handlers);
  const context: AskContext = { signal: new AbortController().signal };
  const person: HandlersOf<PersonContract> = host.person;
  let isClosed = false;
  /** Approvals that a notification asks about. */
  const asked = new Set<string>();
  /** Profiles whose lost sign-in was told of. */
  const told = new Set<string>();

  /** A click has nobody to answer to but the log, and must not end the gateway when it fails. */
  const attempt = (what: string, act: () => unknown): void => {
    void Promise.resolve()
      .then(act)
      .catch((error: unknown) => log.error(`${what} failed`, { reason: toNucleusError(error).message }));
  };
  const open = (view?: View): void =>
    attempt('opening the window', () => {
      if (view) {
        preferences.set({ view });
        window.tell(['settings']);
      }
      popover.hide();
      if (!isClosed) window.open();
    });
  const answer = (id: string, word: 'allow' | 'deny'): void =>
    attempt(word, () =>
      word === 'deny'
        ? api.approvals.deny({ id })
        : person.approvals.allow({ id, grant: null, choice: null }, context),
    );

  const snapshot = async (): Promise<TraySnapshot> => {
    const [status, { connectors }, profiles, { waiting: approvals }, hosts] = await Promise.all([
      api.gateway.status({}),
      api.connectors.list({}),
      api.profiles.list({}),
      api.approvals.list({}),
      person.hosts.list({}, context),
    ]);
    return { status, connectors, profiles, approvals, hosts, newVersion: deps.newVersion() };
  };

  const notifier = createNotifier({
    log,
    onAnswer(id, word) {
      if (word === 'sign-in') return signIn(id);
      if (word === 'open') return open(told.has(id) ? 'profiles' : 'approvals');
      return answer(id, word);
    },
  });
  // How it ends the window and the tray show.
  const signIn = (profile: string): void =>
    attempt('signing in', () => api.signIn.begin({ profile, how: 'window' }));
  const notify = async (): Promise<void> => {
    const { waiting } = await api.approvals.list({});
    const ids = new Set(waiting.map(({ id }) => id));
    for (const id of asked) if (!ids.has(id) && asked.delete(id)) notifier.withdraw(id);
    for (const approval of waiting) {
      if (asked.has(approval.id)) continue;
      asked.add(approval.id);
      notifier.show(approval.id, (isBodyShown) => approvalNotice(approval, isBodyShown));
    }
  };

  const notifyOfLoss = async (): Promise<void> => {
    const { upstreams } = await api.gateway.status({});
    const isAny = told.size > 0 || upstreams.some(({ state }) => state === 'signed-out');
    const lost = isAny ? lostSignIns(await api.profiles.info({ id: null, probe: false })) : [];
    const ids = new Set(lost.map(({ profile }) => profile.id));
    for (const id of told) if (!ids.has(id) && told.delete(id)) notifier.withdraw(id);
    for (const info of lost) {
      const { id } = info.profile;
      if (told.has(id)) continue;
      told.add(id);
      notifier.show(id, () => signInNotice(info));
    }
  };

  const tell = (topics: readonly Topic[]): void => {
    tray.refresh();
    window.tell(topics);
    popover.tell(topics);
    if (topics.includes('approvals')) attempt('notifying', notify);
    if (topics.includes('status') || topics.includes('sign-in')) attempt('notifying', notifyOfLoss);
  };
  tray.attach({
    snapshot,
    press: (icon) => attempt('opening the popover', () => popover.toggle(icon) || open()),
    near: () => attempt('preparing the popover', () => popover.warm()),
    act: {
      open,
      useProfile: (id) => attempt('setting the default', () => api.profiles.use({ id })),
      denyApproval: (id) => answer(id, 'deny'),
      lock: () => attempt('locking', () => api.lock.engage({})),
      signIn,
      show(id) {
        wishes.profile = id;
        open('profiles');
      },
      copy: (text) => attempt('copying', () => clipboard.writeText(text)),
      addProfile() {
        wishes.add = true;
        open('profiles');
      },
      quit,
    },
  });
  const forget = host.onChange(tell);
  // What was lost while only the gateway ran.
  attempt('notifying', notifyOfLoss);
  // From here on there is somebody who can be asked, by a notification at least.
  const leave = host.attendPerson();

  return {
    show(options) {
      if (isClosed) return;
      tray.show();
      if (options.window) open();
    },
    open,
    hide() {
      tray.hide();
      popover.close();
      window.close();
    },
    tell,
    close() {
      if (isClosed) return;
      isClosed = true;
      leave();
      forget();
      tray.hide();
      notifier.close();
      popover.close();
      window.close();
    },
  };
}
