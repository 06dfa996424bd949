import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dbus, { type MessageBus } from 'dbus-next';
import type { Scope } from './home.ts';
import { createNotificationDaemon, waitFor, type NotificationDaemon } from './notification-daemon.ts';
import { withDeadline } from './until.ts';

/** An icon as a panel sees it. */
export interface TrayProperties {
  readonly Id: string;
  readonly Status: string;
  readonly ToolTip: readonly [string, unknown, string, string];
  readonly Menu: string;
  readonly IconPixmap: readonly (readonly [width: number, height: number, argb: Buffer])[];
}

export interface TrayMenuItem {
  readonly id: number;
  readonly label: string;
  readonly type: string;
  readonly enabled: boolean;
  /** Of a radio item or checkbox; null for others. */
  readonly isChecked: boolean | null;
  readonly items: readonly TrayMenuItem[];
}

export interface DesktopHost extends NotificationDaemon {
  /** Puts the panel on the bus: only then icons can be shown. */
  tray: {
    appear(): Promise<void>;
    leave(): Promise<void>;
    /** How many icons registered so far. */
    registered(): number;
    properties(): Promise<TrayProperties>;
    /** A left click. */
    click(): Promise<void>;
    menu(): Promise<TrayMenuItem>;
    /** Chooses an entry by its labels, from the top: `choose('SQLite', 'prod')`. */
    choose(...labels: string[]): Promise<void>;
    /** Fulfilled when the icon's menu satisfies `test`; asks again whenever the icon says it changed. */
    menuWith(what: string, test: (menu: TrayMenuItem) => boolean): Promise<TrayMenuItem>;
    /** Fulfilled when the icon's properties satisfy `test`. */
    propertiesWith(what: string, test: (properties: TrayProperties) => boolean): Promise<TrayProperties>;
  };
  readonly env: Readonly<Record<string, string>>;
}

const watcherName = 'org.kde.StatusNotifierWatcher';
const itemInterface = 'org.kde.StatusNotifierItem';

/**
 * A desktop for tests on a session bus of its own: notification daemon and panel, each of which may come late and go
 * away. Needs dbus-daemon; what is to see this desktop gets `env`.
 */
export async function startDesktopHost(
  scope: Scope,
  options: { tray?: boolean; notifications?: boolean } = {},
): Promise<DesktopHost> {
  const { address, stop } = await spawnBus();
  const bus = dbus.sessionBus({ busAddress: address });
  // An app that is just dying still asks things; what would be answered after the end has nowhere to go.
  let isOver = false;
  const send = bus.send.bind(bus);
  bus.send = (message) => {
    if (!isOver) send(message);
  };
  bus.on('error', (error: Error) => {
    if (!isOver) throw error;
  });
  scope.after(() => {
    isOver = true;
    return stop();
  });
  const changed = new EventEmitter().setMaxListeners(0);
  const notifications = createNotificationDaemon(bus, changed);
  const panel = createPanel(bus, changed);
  if (options.notifications !== false) await notifications.appear();
  if (options.tray !== false) await panel.appear();
  return { ...notifications, tray: panel, env: { DBUS_SESSION_BUS_ADDRESS: address } };
}

/** A session bus that dies with the scope; answers its address. */
export async function startSessionBus(scope: Scope): Promise<string> {
  const { address, stop } = await spawnBus();
  scope.after(stop);
  return address;
}

async function spawnBus(): Promise<{ address: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-bus-'));
  const address = `unix:path=${folder}/bus`;
  const daemon = spawn(
    'dbus-daemon',
    ['--session', '--nofork', '--nopidfile', '--nosyslog', `--address=${address}`, '--print-address=1'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const stop = async (): Promise<void> => {
    daemon.kill('SIGKILL');
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
    rmSync(folder, { recursive: true, force: true });
  };
  await withDeadline('the session bus', once(daemon.stdout, 'data'));
  return { address, stop };
}

function createPanel(bus: MessageBus, changed: EventEmitter): DesktopHost['tray'] {
  const { Interface } = dbus.interface;
  /** `:1.42/StatusNotifierItem` or `:1.42`; the last one is the one that counts. */
  const items: string[] = [];
  let count = 0;

  class Watcher extends Interface {
    constructor() {
      super(watcherName);
    }
    RegisterStatusNotifierItem(item: string): void {
      items.push(item);
      count += 1;
      this.StatusNotifierItemRegistered(item);
      changed.emit('change');
    }
    RegisterStatusNotifierHost(): void {}
    get RegisteredStatusNotifierItems(): string[] {
      return items;
    }
    get IsStatusNotifierHostRegistered(): boolean {
      return true;
    }
    get ProtocolVersion(): number {
      return 0;
    }
    StatusNotifierItemRegistered(item: string): string {
      return item;
    }
    StatusNotifierHostRegistered(): [] {
      return [];
    }
  }
  Watcher.configureMembers({
    methods: {
      RegisterStatusNotifierItem: { inSignature: 's', outSignature: '' },
      RegisterStatusNotifierHost: { inSignature: 's', outSignature: '' },
    },
    properties: {
      RegisteredStatusNotifierItems: { signature: 'as', access: 'read' },
      IsStatusNotifierHostRegistered: { signature: 'b', access: 'read' },
      ProtocolVersion: { signature: 'i', access: 'read' },
    },
    signals: {
      StatusNotifierItemRegistered: { signature: 's' },
      StatusNotifierHostRegistered: { signature: '' },
    },
  });
  bus.export('/StatusNotifierWatcher', new Watcher());
  bus.on('message', ({ interface: from, member }) => {
    if (from === itemInterface || member === 'LayoutUpdated' || member === 'ItemsPropertiesUpdated')
      changed.emit('change');
  });

  const call = async (path: string, from: string, member: string, signature = '', body: unknown[] = []) => {
    const item = items.at(-1) ?? '';
    const destination = item.split('/')[0] ?? '';
    const message = new dbus.Message({ destination, path, interface: from, member, signature, body });
    return (await bus.call(message))?.body as unknown[];
  };
  const itemPath = (): string => {
    const item = items.at(-1) ?? '';
    return item.includes('/') ? item.slice(item.indexOf('/')) : '/StatusNotifierItem';
  };
  const registration = (): Promise<void> =>
    waitFor(changed, 'a tray icon', async () => items.length > 0 || null).then(() => {});
  const properties = async (): Promise<TrayProperties> => {
    await registration();
    const [all] = await call(itemPath(), 'org.freedesktop.DBus.Properties', 'GetAll', 's', [itemInterface]);
    return unwrapped(all) as unknown as TrayProperties;
  };
  const menu = async (): Promise<TrayMenuItem> => {
    const { Menu } = await properties();
    const [, root] = await call(Menu, 'com.canonical.dbusmenu', 'GetLayout', 'iias', [0, -1, []]);
    return menuItem(root as LayoutNode);
  };
  const entry = async (labels: readonly string[]): Promise<TrayMenuItem> => {
    let found = await menu();
    for (const label of labels) {
      const next = found.items.find((item) => item.label === label);
      if (!next) {
        const there = found.items.map((item) => item.label).join(', ');
        throw new Error(`no menu entry "${label}" among: ${there}`);
      }
      found = next;
    }
    return found;
  };
  return {
    registered: () => count,
    properties,
    menu,
    appear: async () => {
      await bus.call(matchRule(`type='signal',interface='${itemInterface}'`));
      await bus.call(matchRule(`type='signal',interface='com.canonical.dbusmenu'`));
      await bus.requestName(watcherName, 0);
    },
    leave: async () => {
      items.length = 0;
      await bus.releaseName(watcherName);
    },
    click: async () => {
      await registration();
      await call(itemPath(), itemInterface, 'Activate', 'ii', [0, 0]);
    },
    choose: async (...labels) => {
      for (;;) {
        const { Menu } = await properties();
        const { id } = await entry(labels);
        try {
          await call(Menu, 'com.canonical.dbusmenu', 'Event', 'isvu', [
            id,
            'clicked',
            new dbus.Variant('i', 0),
            0,
          ]);
          return;
        } catch (error) {
          // A menu that was rebuilt after it was read no longer knows the entry; a person opens it again.
          if ((await entry(labels)).id === id) throw error;
        }
      }
    },
    menuWith: (what, test) =>
      waitFor(changed, `a tray menu with ${what}`, async () => {
        if (items.length === 0) return null;
        const seen = await menu();
        return test(seen) ? seen : null;
      }),
    propertiesWith: (what, test) =>
      waitFor(changed, `a tray icon with ${what}`, async () => {
        if (items.length === 0) return null;
        const seen = await properties();
        return test(seen) ? seen : null;
      }),
  };
}

function matchRule(rule: string): dbus.Message {
  return new dbus.Message({
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'AddMatch',
    signature: 's',
    body: [rule],
  });
}

type LayoutNode = [
  id: number,
  properties: Record<string, { value: unknown }>,
  children: { value: LayoutNode }[],
];

function menuItem([id, wrapped, children]: LayoutNode): TrayMenuItem {
  const properties = unwrapped(wrapped) as Readonly<Record<string, unknown>>;
  return {
    id,
    // One underline marks the access key, two are one.
    label: text(properties['label']).replaceAll(/_(_?)/g, '$1'),
    type: text(properties['type']) || text(properties['toggle-type']) || 'standard',
    enabled: properties['enabled'] !== false,
    isChecked: 'toggle-state' in properties ? properties['toggle-state'] === 1 : null,
    items: children.map((child) => menuItem(child.value)),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function unwrapped(properties: unknown): Record<string, unknown> {
  const entries = Object.entries(properties as Record<string, { value: unknown }>);
  return Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
}
