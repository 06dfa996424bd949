import type { Topic } from '../../src-shared/contract.ts';
import type { WebSession } from './session.ts';

/** How long to wait before the stream is asked for again; longer each time it cannot be had. */
const leastMs = 1_000;
const mostMs = 15_000;
/** The server says something every 25 seconds; a tunnel whose other end sleeps says nothing for ever. */
const silentMs = 60_000;
/** Each event is one line of data; comments keep the connection alive. */
const data = 'data: ';

const topics = Object.keys({
  profiles: true,
  approvals: true,
  policy: true,
  status: true,
  tools: true,
  hosts: true,
  settings: true,
  workspaces: true,
  'sign-in': true,
  activity: true,
} satisfies Record<Topic, true>) as readonly Topic[];

export interface NewsDeps {
  readonly session: Pick<WebSession, 'follow' | 'ended'>;
  tell(changed: readonly Topic[]): void;
  /** Calls back once, unless what it answers is called before. */
  after(milliseconds: number, run: () => void): () => void;
}

/** Tells what changed for as long as the session lasts; whatever a lost connection may have missed, everything. */
export function followNews({ session, tell, after }: NewsDeps): void {
  let waitMs = leastMs;
  let isFirst = true;

  async function follow(): Promise<void> {
    const silent = new AbortController();
    let forget = after(silentMs, () => silent.abort());
    try {
      const stream = await session.follow('/events', silent.signal);
      waitMs = leastMs;
      if (!isFirst) tell(topics);
      isFirst = false;
      for await (const line of linesOf(stream)) {
        forget();
        forget = after(silentMs, () => silent.abort());
        if (line.startsWith(data)) tell((JSON.parse(line.slice(data.length)) as Event).topics);
      }
    } catch {
      // What was asked meanwhile says why; here it is only tried again.
    }
    forget();
    if (session.ended.aborted) return;
    tell(['status']);
    after(waitMs, () => void follow());
    waitMs = Math.min(waitMs * 2, mostMs);
  }

  void follow();
}

interface Event {
  readonly topics: readonly Topic[];
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = `${rest}${decoder.decode(value, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
