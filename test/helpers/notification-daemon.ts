import { once, type EventEmitter } from 'node:events';
import dbus, { type MessageBus } from 'dbus-next';
import { withDeadline } from './until.ts';

export interface ShownNotification {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  /** Key and label in turn, as on the bus. */
  readonly actions: readonly string[];
  readonly urgency: unknown;
  readonly isResident: boolean;
  isOpen: boolean;
}

export interface NotificationDaemon {
  readonly notifications: readonly ShownNotification[];
  /** Puts the daemon on the bus. */
  appear(): Promise<void>;
  leave(): Promise<void>;
  /** What it says it can do; without an argument what most desktops can. */
  setCapabilities(capabilities?: readonly string[]): void;
  /** The latest notification that satisfies `test`, now or as soon as there is one. */
  notification(what: string, test?: (shown: ShownNotification) => boolean): Promise<ShownNotification>;
  /** A click on the button of that label; `default` is a click on the body. */
  press(id: number, label: string): void;
  /** What a click would say that no button is there for. */
  pressKey(id: number, key: string): void;
  /** The person closes it, which is no answer. */
  dismiss(id: number): void;
  /** Presses the button of that label before the daemon has even told the number of the next notification. */
  pressEarly(label: string): void;
}

const name = 'org.freedesktop.Notifications';
const usual = ['actions', 'body', 'body-markup', 'persistence'];

/** The desktop's notification daemon, with a person of the test's choosing before it. */
export function createNotificationDaemon(bus: MessageBus, changed: EventEmitter): NotificationDaemon {
  const { Interface } = dbus.interface;
  const notifications: ShownNotification[] = [];
  let early: string | null = null;
  let capabilities: readonly string[] = usual;

  class Daemon extends Interface {
    constructor() {
      super(name);
    }
    GetCapabilities(): readonly string[] {
      return capabilities;
    }
    GetServerInformation(): string[] {
      return ['nucleus-test-desktop', 'nucleus', '1', '1.2'];
    }
    Notify(
      _app: string,
      replaces: number,
      _icon: string,
      title: string,
      body: string,
      actions: string[],
      hints: Readonly<Record<string, { value: unknown }>>,
    ): number {
      const id = replaces || notifications.length + 1;
      const isResident = hints['resident']?.value === true;
      notifications.push({
        id,
        title,
        body,
        actions,
        urgency: hints['urgency']?.value,
        isResident,
        isOpen: true,
      });
      if (early !== null) this.ActionInvoked(id, keyOf(actions, early));
      early = null;
      changed.emit('change');
      return id;
    }
    CloseNotification(id: number): void {
      const shown = notifications.find((other) => other.id === id);
      if (shown) shown.isOpen = false;
      this.NotificationClosed(id, 3);
      changed.emit('change');
    }
    ActionInvoked(id: number, key: string): unknown[] {
      return [id, key];
    }
    NotificationClosed(id: number, reason: number): unknown[] {
      return [id, reason];
    }
  }
  Daemon.configureMembers({
    methods: {
      GetCapabilities: { inSignature: '', outSignature: 'as' },
      GetServerInformation: { inSignature: '', outSignature: 'ssss' },
      Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
      CloseNotification: { inSignature: 'u', outSignature: '' },
    },
    signals: { ActionInvoked: { signature: 'us' }, NotificationClosed: { signature: 'uu' } },
  });
  const daemon = new Daemon();
  bus.export('/org/freedesktop/Notifications', daemon);

  return {
    notifications,
    appear: async () => void (await bus.requestName(name, 0)),
    leave: async () => void (await bus.releaseName(name)),
    notification: (what, test = () => true) =>
      waitFor(changed, what, async () => notifications.findLast(test) ?? null),
    press: (id, label) => {
      const shown = notifications.find((other) => other.id === id);
      if (!shown) throw new Error(`no notification ${id}`);
      daemon.ActionInvoked(id, label === 'default' ? label : keyOf(shown.actions, label));
    },
    pressKey: (id, key) => void daemon.ActionInvoked(id, key),
    setCapabilities: (next = usual) => {
      capabilities = next;
    },
    pressEarly: (label) => {
      early = label;
    },
    dismiss: (id) => {
      const shown = notifications.find((other) => other.id === id);
      if (shown) shown.isOpen = false;
      daemon.NotificationClosed(id, 2);
      changed.emit('change');
    },
  };
}

/** The first value of `look` that is not null; looks whenever something on the desktop changed. */
export async function waitFor<T>(
  changed: EventEmitter,
  what: string,
  look: () => Promise<T | null>,
): Promise<T> {
  const search = async (): Promise<T> => {
    for (;;) {
      const next = once(changed, 'change');
      // An icon that is being replaced answers with an error; the next change tells when to ask the new one.
      const seen = await look().catch(() => null);
      if (seen !== null) return seen;
      await next;
    }
  };
  return withDeadline(what, search());
}

function keyOf(actions: readonly string[], label: string): string {
  const place = actions.findIndex((action, index) => index % 2 === 1 && action === label);
  const key = actions[place - 1];
  if (place === -1 || key === undefined) throw new Error(`no button "${label}" among: ${actions.join(', ')}`);
  return key;
}
