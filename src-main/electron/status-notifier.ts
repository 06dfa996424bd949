import { Message } from 'dbus-next';
import type { Log } from '../gateway/platform.ts';
import { openSessionBus } from './session-bus.ts';

const watcher = 'org.kde.StatusNotifierWatcher';
const rule = `type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${watcher}'`;

/**
 * Tells when a tray host comes, or comes again, on Linux. At autostart the panel is often later than we are, and an
 * icon made before it is never shown. `ready` is called once, when no coming host can be missed any more, or when
 * there is no bus to watch: only then should the icon be made.
 */
export function watchTrayHost(deps: { log: Log; ready(): void; onHost(): void }): { close(): void } {
  let isReady = false;
  const ready = (): void => {
    if (isReady) return;
    isReady = true;
    deps.ready();
  };
  const session = openSessionBus(deps.log, ready);
  if (!session) {
    ready();
    return { close: () => {} };
  }
  session.bus.on('message', ({ sender, member, body }) => {
    if (sender !== 'org.freedesktop.DBus' || member !== 'NameOwnerChanged') return;
    const [name, , owner] = body as unknown[];
    if (name === watcher && owner !== '') deps.onHost();
  });
  const watch = new Message({
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'AddMatch',
    signature: 's',
    body: [rule],
  });
  session.bus.call(watch).then(ready, (error: unknown) => {
    deps.log.debug('tray hosts cannot be watched', { reason: String(error) });
    ready();
  });
  return { close: () => session.close() };
}
