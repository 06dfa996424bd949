import type { Reply } from '../../src-shared/bridge.ts';
import type { AnyContract, AskContext } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import { answerAsk } from '../gateway/downstream/control.ts';
import type { Log } from '../gateway/platform.ts';
import { appOrigin } from './app-protocol.ts';

/** The one channel on which windows ask. */
export const askChannel = 'nucleus:ask';
/** The one channel on which windows are told what changed. */
export const changedChannel = 'nucleus:changed';

/** What of Electron's IpcMainInvokeEvent decides whether it is one of our pages. */
export interface AskEvent {
  readonly senderFrame: { readonly origin: string; readonly parent: unknown } | null;
  readonly sender: { once(event: 'destroyed', listener: () => void): unknown };
}

/** Electron's ipcMain, as far as it is used. */
export interface AskDoor {
  handle(channel: string, listener: (event: AskEvent, ...args: unknown[]) => unknown): void;
}

/** What one page may ask, and what answers it. */
export interface Answers {
  readonly contract: AnyContract;
  readonly handlers: object;
}

/**
 * Answers pages of ours, each the questions of its own contract, and nobody else; every failure is a Reply.
 * `answersTo` goes by the window that asks: what a page says of itself, its address included, may be a lie.
 */
export function serveAsks(
  door: AskDoor,
  options: { answersTo(sender: AskEvent['sender']): Answers | null; log: Log },
): void {
  const contexts = new WeakMap<AskEvent['sender'], AskContext>();

  const contextOf = (sender: AskEvent['sender']): AskContext => {
    const known = contexts.get(sender);
    if (known) return known;
    const gone = new AbortController();
    sender.once('destroyed', () => gone.abort());
    const context = { signal: gone.signal };
    contexts.set(sender, context);
    return context;
  };

  door.handle(askChannel, async (event, name, input): Promise<Reply> => {
    const answers = isOurs(event) ? options.answersTo(event.sender) : null;
    if (answers === null) {
      options.log.warn('a page that is not ours asked', { origin: event.senderFrame?.origin });
      return failed('FORBIDDEN', 'only the windows of Nucleus may ask');
    }
    if (typeof name !== 'string') return failed('METHOD_UNKNOWN', 'a question needs a name');
    try {
      const { contract, handlers } = answers;
      return { ok: true, value: await answerAsk(contract, handlers, name, input, contextOf(event.sender)) };
    } catch (error) {
      const { code, message, data } = toNucleusError(error);
      if (code === 'INTERNAL') options.log.error('a question failed', { name, reason: message });
      return failed(code, message, data);
    }
  });
}

/** The top frame of a page out of our own protocol; a frame that is gone is nobody. */
export function isOurs({ senderFrame }: AskEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && senderFrame.origin === appOrigin;
}

function failed(code: string, message: string, data?: unknown): Reply {
  return { ok: false, error: { code, message, ...(data === undefined ? {} : { data }) } };
}
