import type { View } from '../routing/view.ts';
import { classify, type RequestFrame } from '../wire/classify.ts';
import { encode, errorObject, type Id } from '../wire/frame.ts';
import { nameOf, type AnswerModern, type Answering } from './modern.ts';
import type { Caller, Message } from './session.ts';

/** Requests of the modern era that come in over a session's connection: each by itself, whatever else is said there. */
export interface SessionModern {
  /** Answers the request; false for one of the legacy era. */
  take(frame: RequestFrame): boolean;
  has(id: Id): boolean;
  cancel(id: Id): void;
  /** Ends what would not end by itself. */
  finish(): void;
  close(): void;
}

export function createSessionModern(deps: {
  readonly answerModern: AnswerModern;
  readonly client: { readonly name: string };
  /** The client said who it is. */
  named(name: string): void;
  readonly caller: Caller;
  readonly view: () => View;
  write(id: Id, message: Message): void;
  notify(message: Message, about: Id): boolean;
  /** Something is being worked on until this resolves. */
  work(task: Promise<void>): void;
}): SessionModern {
  const { client, caller, view } = deps;
  const open = new Map<Id, Answering>();
  return {
    take(frame) {
      const { id } = frame;
      const verdict = classify(frame, null);
      if (verdict.kind === 'legacy') return false;
      if (verdict.kind === 'refused') {
        deps.write(id, [encode({ id, error: errorObject(verdict.error) })]);
        return true;
      }
      const { envelope } = verdict;
      if (client.name === 'unknown') deps.named(nameOf(envelope));
      const answering = deps.answerModern({
        frame,
        envelope,
        headers: null,
        caller,
        view,
        client,
        io: {
          answer: (message) => deps.write(id, message),
          notify: (message) => deps.notify(message, id),
        },
      });
      open.set(id, answering);
      deps.work(answering.done.finally(() => open.delete(id)));
      return true;
    },
    has: (id) => open.has(id),
    cancel: (id) => open.get(id)?.cancel(),
    finish() {
      for (const answering of Array.from(open.values())) answering.finish();
    },
    close() {
      for (const answering of Array.from(open.values())) answering.cancel();
    },
  };
}
