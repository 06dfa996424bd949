import type { NucleusBridge, Reply } from '../../src-shared/bridge.ts';
import type { Topic } from '../../src-shared/contract.ts';
import type { WebSession } from './session.ts';

/** Answers a question of the app's own, which in a page nobody else answers. */
export type PageAnswer = (input: never) => unknown;

export interface WebBridgeDeps {
  readonly session: Pick<WebSession, 'post'>;
  /** By the name of the question, e.g. `app.copy`. */
  readonly answers: Readonly<Record<string, PageAnswer>>;
  /** Has the person prove that it is them: `send` puts the question with the PIN. */
  prove(question: string, input: unknown, send: (pin: string) => Promise<Reply>): Promise<Reply>;
  readonly newId: () => string;
}

export interface WebBridge extends NucleusBridge {
  tell(topics: readonly Topic[]): void;
}

/** `window.nucleus` for a page of `nucleus ui`: the same questions over HTTP, a person's acts with the approval PIN. */
export function createWebBridge({ session, answers, prove, newId }: WebBridgeDeps): WebBridge {
  const listeners = new Set<(topics: readonly Topic[]) => void>();

  function tell(topics: readonly Topic[]): void {
    for (const listener of Array.from(listeners)) listener(topics);
  }

  async function answerHere(answer: PageAnswer, input: unknown): Promise<Reply> {
    try {
      return { ok: true, value: await answer(input as never) };
    } catch (error) {
      return { ok: false, error: { code: 'STATE_UNUSABLE', message: (error as Error).message } };
    }
  }

  /** Each yes has an id of its own: the server hears it once, whoever sends it again. */
  async function sendWithPin(question: string, input: unknown, pin: string): Promise<Reply> {
    const once = { 'x-nucleus-once': newId() };
    const reply = await session.post('/api/person.askWithPin', { question, input, pin }, once);
    return reply.ok ? { ok: true, value: (reply.value as { readonly answer: unknown }).answer } : reply;
  }

  return {
    async ask(name, input) {
      const answer = Object.hasOwn(answers, name) ? answers[name] : undefined;
      if (answer) return answerHere(answer, input);
      const reply = await session.post(`/api/${name}`, input);
      return wantsPin(reply) ? prove(name, input, (pin) => sendWithPin(name, input, pin)) : reply;
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell,
  };
}

/** The server knows which questions take a person. */
function wantsPin(reply: Reply): boolean {
  if (reply.ok || reply.error.code !== 'PERSON_REQUIRED') return false;
  const { data } = reply.error;
  return typeof data === 'object' && data !== null && 'way' in data && data.way === 'pin';
}
