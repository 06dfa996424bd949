import { Message, Variant, type MessageBus } from 'dbus-next';
import type { Log } from '../gateway/platform.ts';
import type { Notice, NotificationAnswer } from './notification-text.ts';
import type { Notifier, NotifierDeps } from './notifications.ts';
import { openSessionBus, type SessionBus } from './session-bus.ts';

/* https://specifications.freedesktop.org/notification-spec/latest/ */

const server = 'org.freedesktop.Notifications';
const rule = `type='signal',interface='${server}',path='/org/freedesktop/Notifications',member='ActionInvoked'`;

interface Shown {
  /** The daemon's number for it; null until it told us. */
  number: number | null;
  /** The daemon's own name on the bus. */
  owner: string;
  /** What it offered: no daemon may answer what was not on a button. */
  offered: ReadonlySet<NotificationAnswer>;
  /** Withdrawn before the daemon told the number. */
  isOver: boolean;
}

interface Signal {
  readonly owner: string;
  readonly number: number;
  readonly action: string;
}

/** Anyone on the bus may send signals of that name, and a daemon may take long to tell a number. */
const earlyLimit = 100;

/** Action keys and what they answer; the daemon sends `default` for a click on the body. */
const answers: Readonly<Record<string, NotificationAnswer>> = {
  default: 'open',
  open: 'open',
  deny: 'deny',
  allow: 'allow',
  'sign-in': 'sign-in',
};

/** Notifications with buttons through the desktop's notification daemon. Without a bus or a daemon it stays silent. */
export function createLinuxNotifier({ log, onAnswer }: NotifierDeps): Notifier {
  const shown = new Map<string, Shown>();
  /** Clicks that came before the reply which tells whose they are. */
  const early: Signal[] = [];
  let asked = 0;
  let session: Promise<SessionBus | null> | null = null;

  const onSignal = (signal: Signal): boolean => {
    for (const [id, { number, owner, offered }] of shown) {
      // The bus vouches for the sender. Anyone of this user may send a signal of that name, only the daemon that
      // shows our question may answer it.
      if (number !== signal.number || owner !== signal.owner) continue;
      const answer = answers[signal.action];
      if (answer && offered.has(answer)) onAnswer(id, answer);
      return true;
    }
    return false;
  };
  const connected = async (): Promise<SessionBus | null> => {
    const before = session;
    if (before && (await before)?.isUsable()) return before;
    // Unless another question opened one meanwhile, or all is closed.
    if (session === before)
      session = listen(log, (signal) => {
        if (!onSignal(signal) && asked > 0 && early.length < earlyLimit) early.push(signal);
      });
    return session;
  };
  const show = async (compose: (isBodyShown: boolean) => Notice, entry: Shown): Promise<void> => {
    const bus = (await connected())?.bus;
    if (!bus) return;
    const [capabilities] = await ask(bus, 'GetCapabilities');
    const notice = compose((capabilities as string[]).includes('body'));
    entry.offered = new Set(['open', ...notice.buttons.map(({ answer }) => answer)]);
    const reply = await notify(bus, notice, capabilities as string[]);
    entry.number = reply.body[0] as number;
    entry.owner = reply.sender;
    if (entry.isOver) await ask(bus, 'CloseNotification', 'u', [entry.number]);
  };
  const withdraw = (id: string): void => {
    const entry = shown.get(id);
    shown.delete(id);
    if (!entry) return;
    entry.isOver = true;
    if (entry.number === null) return;
    const { number } = entry;
    void session?.then(async (open) => {
      // It may be closed already, by the person or with its daemon; some daemons call that an error.
      if (open?.isUsable()) await ask(open.bus, 'CloseNotification', 'u', [number]).catch(() => {});
    });
  };
  return {
    show: (id, compose) => {
      if (shown.has(id)) return;
      const entry: Shown = { number: null, owner: '', offered: new Set(), isOver: false };
      shown.set(id, entry);
      asked += 1;
      void show(compose, entry)
        .catch((error: unknown) => log.debug('notification not shown', { reason: String(error) }))
        .then(() => {
          asked -= 1;
          for (const signal of early.splice(0)) if (!onSignal(signal) && asked > 0) early.push(signal);
        });
    },
    withdraw,
    close: () => {
      for (const id of shown.keys()) withdraw(id);
      void session?.then((open) => open?.close());
      session = null;
    },
  };
}

/** A connection that hears clicks before anything is asked. */
async function listen(log: Log, onSignal: (signal: Signal) => void): Promise<SessionBus | null> {
  const session = openSessionBus(log);
  if (!session) return null;
  const subscription = new Message({
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'AddMatch',
    signature: 's',
    body: [rule],
  });
  session.bus.on('message', ({ interface: from, member, sender, body }) => {
    if (from !== server || member !== 'ActionInvoked') return;
    const [number, action] = body as unknown[];
    if (typeof number === 'number' && typeof action === 'string') onSignal({ owner: sender, number, action });
  });
  try {
    // The reply proves that from here on no click is missed.
    await session.bus.call(subscription);
    return session;
  } catch (error) {
    log.debug('notifications cannot be heard', { reason: String(error) });
    session.close();
    return null;
  }
}

function notify(
  bus: MessageBus,
  { title, body, buttons, isUrgent }: Notice,
  capabilities: readonly string[],
): Promise<Message> {
  const actions = buttons.flatMap(({ answer, label }) => [answer, label]);
  const hints = {
    urgency: new Variant('y', isUrgent ? 2 : 1),
    // An answer that came too fast does not count, and the question must still be there then.
    resident: new Variant('b', isUrgent),
    'desktop-entry': new Variant('s', 'nucleus'),
  };
  return call(bus, 'Notify', 'susssasa{sv}i', [
    'Nucleus',
    0,
    '',
    title,
    capabilities.includes('body-markup') ? escapeMarkup(body) : body,
    ['default', 'Open Nucleus', ...(capabilities.includes('actions') ? actions : [])],
    hints,
    // Where somebody waits it stays; else as long as the desktop likes.
    isUrgent ? 0 : -1,
  ]);
}

async function ask(
  bus: MessageBus,
  member: string,
  signature = '',
  body: unknown[] = [],
): Promise<unknown[]> {
  return (await call(bus, member, signature, body)).body as unknown[];
}

async function call(bus: MessageBus, member: string, signature = '', body: unknown[] = []): Promise<Message> {
  const reply = await bus.call(
    new Message({
      destination: server,
      path: '/org/freedesktop/Notifications',
      interface: server,
      member,
      signature,
      body,
    }),
  );
  if (!reply) throw new Error(`${member} was not answered`);
  return reply;
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
