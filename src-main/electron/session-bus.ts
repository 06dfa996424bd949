import { sessionBus, type MessageBus } from 'dbus-next';
import type { Log } from '../gateway/platform.ts';

export interface SessionBus {
  readonly bus: MessageBus;
  /** False once the connection failed; another one has to be opened. */
  isUsable(): boolean;
  close(): void;
}

/** The login's session bus, or null where there is none: a machine without a desktop is no error. */
export function openSessionBus(log: Log, onLost: () => void = () => {}): SessionBus | null {
  const { DBUS_SESSION_BUS_ADDRESS: named, XDG_RUNTIME_DIR: runtime } = process.env;
  // dbus-next would go on looking in the X server and in files of old; systemd's place is the only other one in use.
  const busAddress = named || (runtime ? `unix:path=${runtime}/bus` : '');
  if (busAddress === '') return null;
  let isUsable = true;
  try {
    const bus = sessionBus({ busAddress });
    // Without a listener an unreachable bus would end the process.
    bus.on('error', (error: unknown) => {
      if (!isUsable) return;
      isUsable = false;
      log.debug('session bus lost', { reason: error instanceof Error ? error.message : String(error) });
      onLost();
    });
    return {
      bus,
      isUsable: () => isUsable,
      close: () => {
        isUsable = false;
        bus.disconnect();
      },
    };
  } catch (error) {
    log.debug('no session bus', { reason: error instanceof Error ? error.message : String(error) });
    return null;
  }
}
