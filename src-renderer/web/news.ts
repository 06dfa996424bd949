import type { Topic } from '../../src-shared/contract.ts';
import type { WebSession } from './session.ts';

/** How long to wait before the stream is asked for again; longer each time it cannot be had. */
const leastMs = 1_000;
const mostMs = 15_000;

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
  after(milliseconds: number, run: () => void): void;
}

/** Tells what changed for as long as the session lasts; whatever a lost connection may have missed, everything. */
export function followNews({ session, tell, after }: NewsDeps): void {
  let waitMs = leastMs;
  let isFirst = true;

  async function follow(): Promise<void> {
    try {
      const stream = await session.follow('/events', session.ended);
      waitMs = leastMs;
      if (!isFirst) tell(topics);
      isFirst = false;
      await read(stream, tell);
    } catch {
      // What was asked meanwhile says why; here it is only tried again.
    }
    if (session.ended.aborted) return;
    tell(['status']);
    after(waitMs, () => void follow());
    waitMs = Math.min(waitMs * 2, mostMs);
  }

  void follow();
}

/** Each event is one line of data; comments keep the connection alive. */
async function read(
  stream: ReadableStream<Uint8Array>,
  tell: (changed: readonly Topic[]) => void,
): Promise<void> {
  const reader = stream
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = `${rest}${value}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      tell((JSON.parse(line.slice('data: '.length)) as { readonly topics: readonly Topic[] }).topics);
    }
  }
}
