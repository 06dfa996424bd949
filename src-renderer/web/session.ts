import type { Reply } from '../../src-shared/bridge.ts';

/** Where the key stands while the tab is open: a reload keeps it, and no other tab or port is shown it. */
const keyName = 'nucleus-key';

/** What a page that came in by the link of `nucleus ui` asks its server, and whether it still may. */
export interface WebSession {
  /** POSTs JSON; what fails is a Reply. */
  post(path: string, input: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** The same for what is read as it comes; rejects where it cannot be had. */
  follow(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Takes itself out; nothing is answered any more. */
  signOut(): Promise<void>;
  /** Aborted when the session is over, whoever ended it. */
  readonly ended: AbortSignal;
}

export interface WebSessionDeps {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** Opens the session the link let this tab into; null where there is none. */
export async function openWebSession({ fetch, storage }: WebSessionDeps): Promise<WebSession | null> {
  const over = new AbortController();

  function send(
    path: string,
    input: unknown,
    more: Readonly<Record<string, string>> = {},
    signal: AbortSignal | null = null,
  ): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...more };
    const body = JSON.stringify(input);
    return fetch(path, { method: 'POST', redirect: 'error', headers, body, signal });
  }

  async function read(response: Response): Promise<Reply> {
    // Only the session itself is refused like this; the gateway's own answers are 200.
    if (response.status === 401) end();
    return (await response.json()) as Reply;
  }

  function end(): void {
    storage.removeItem(keyName);
    over.abort();
  }

  async function claim(): Promise<string | null> {
    const reply = await send('/claim', {}).then(read);
    const key = reply.ok ? (reply.value as { readonly key: string | null }).key : null;
    if (key !== null) storage.setItem(keyName, key);
    // It is given once: a page that is loaded again has it already.
    return key ?? storage.getItem(keyName);
  }

  const key = await claim().catch(() => null);
  if (key === null) return null;
  const proof = { 'x-nucleus-key': key };

  return {
    ended: over.signal,
    async post(path, input, headers = {}) {
      try {
        return await read(await send(path, input, { ...headers, ...proof }, over.signal));
      } catch {
        return failed(over.signal.aborted);
      }
    },
    async follow(path, signal) {
      const response = await send(path, {}, proof, AbortSignal.any([signal, over.signal]));
      if (response.ok && response.body) return response.body;
      await read(response);
      throw new Error(`refused with ${response.status}`);
    },
    async signOut() {
      await send('/sign-out', {}, proof).catch(() => {
        // The command has ended, and the session with it.
      });
      end();
    },
  };
}

function failed(isOver: boolean): Reply {
  const message = isOver
    ? 'this page is signed out; open another link of nucleus ui'
    : 'nucleus ui does not answer; it may have ended, so run it again in a terminal and open its link';
  return { ok: false, error: { code: 'GATEWAY_UNREACHABLE', message } };
}
