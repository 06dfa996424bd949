import { Message, type MessageBus } from 'dbus-next';
import type { Log } from '../gateway/platform.ts';
import { openSessionBus } from './session-bus.ts';

const watcher = 'org.kde.StatusNotifierWatcher';
const rule = `type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${watcher}'`;
/** Long enough for an icon that is being made to have met the host by itself. */
const settleMs = 300;

export interface TrayHostWatch {
  /** From then on no host is missed; fulfilled too where there is no bus. */
  readonly watching: Promise<void>;
  close(): void;
}

/**
 * Tells what to do when a tray host comes, or comes again, on Linux. At autostart the panel is often later than we
 * are: an icon made before it is not on the bus at all, and has to be made anew (`onMissing`). An icon that is on the
 * bus cannot be: Electron keeps the one place for it until it ends. So a panel that was restarted is told of it here.
 */
export function watchTrayHost(deps: { log: Log; onMissing(): void }): TrayHostWatch {
  const { log, onMissing } = deps;
  const { promise: watching, resolve: ready } = Promise.withResolvers<void>();
  const session = openSessionBus(log, ready);
  if (!session) {
    ready();
    return { watching, close: () => {} };
  }
  const { bus } = session;
  let settling: NodeJS.Timeout | undefined;
  const onHost = async (): Promise<void> => {
    try {
      const item = await findOwnItem(bus);
      if (!session.isUsable()) return;
      if (item === null) onMissing();
      else await call(bus, watcher, '/StatusNotifierWatcher', watcher, 'RegisterStatusNotifierItem', item);
    } catch (error) {
      // The host went away again; the next one is told.
      log.debug('tray host not told', { reason: String(error) });
    }
  };
  bus.on('message', ({ sender, member, body }) => {
    if (sender !== busName || member !== 'NameOwnerChanged') return;
    const [name, , owner] = body as unknown[];
    if (name !== watcher || owner === '') return;
    clearTimeout(settling);
    settling = setTimeout(() => void onHost(), settleMs);
  });
  /** One that came after the icon was made, and before it was watched for. */
  const lookForMissed = async (): Promise<void> => {
    const [hasHost] = await ask(bus, 'NameHasOwner', watcher).catch(() => [false]);
    if (hasHost === true && (await findOwnItem(bus)) === null && session.isUsable()) onMissing();
  };
  ask(bus, 'AddMatch', rule)
    .then(() => {
      settling ??= setTimeout(() => void lookForMissed().catch(() => {}), settleMs);
    })
    .catch((error: unknown) => log.debug('tray hosts cannot be watched', { reason: String(error) }))
    .finally(ready);
  return {
    watching,
    close: () => {
      clearTimeout(settling);
      session.close();
    },
  };
}

const busName = 'org.freedesktop.DBus';

/** The connection on which Electron offers our icon: the one of this process that has one. Null when none has. */
async function findOwnItem(bus: MessageBus): Promise<string | null> {
  const [names] = await ask(bus, 'ListNames');
  for (const name of (names as string[]).filter((one) => one.startsWith(':'))) {
    // A connection may be gone by now, and those that are no icon answer with an error.
    const pid = await ask(bus, 'GetConnectionUnixProcessID', name).catch(() => []);
    if (pid[0] !== process.pid) continue;
    const id = await call(
      bus,
      name,
      '/StatusNotifierItem',
      'org.freedesktop.DBus.Properties',
      'Get',
      'org.kde.StatusNotifierItem',
      'Id',
    ).catch(() => null);
    if (id) return name;
  }
  return null;
}

function ask(bus: MessageBus, member: string, ...texts: string[]): Promise<unknown[]> {
  return call(bus, busName, '/org/freedesktop/DBus', busName, member, ...texts);
}

async function call(
  bus: MessageBus,
  destination: string,
  path: string,
  from: string,
  member: string,
  ...texts: string[]
): Promise<unknown[]> {
  const signature = 's'.repeat(texts.length);
  const message = new Message({ destination, path, interface: from, member, signature, body: texts });
  const reply = await bus.call(message);
  return (reply?.body ?? []) as unknown[];
}
