import type { TestContext } from 'node:test';
import { listenOnHttp, type HttpDeps, type HttpFront } from '../../../src-main/gateway/downstream/http.ts';
import {
  createSession,
  type Caller,
  type Session,
  type SessionIo,
} from '../../../src-main/gateway/downstream/session.ts';
import { createModern } from '../../../src-main/gateway/downstream/modern.ts';
import { createListens, type Listens } from '../../../src-main/gateway/downstream/listens.ts';
import type { Call } from '../../../src-main/gateway/routing/dispatch.ts';
import { createCursors } from '../../../src-main/gateway/routing/pages.ts';
import { createView } from '../../../src-main/gateway/routing/view.ts';
import { createSubscriptions } from '../../../src-main/gateway/routing/subscriptions.ts';
import { createTasks } from '../../../src-main/gateway/routing/tasks.ts';
import { createCatalogStore } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import type { Reply } from '../../../src-main/gateway/wire/reply.ts';
import { defaultConfig, type Config } from '../../../src-shared/config.ts';
import { createFakeClock, createFakeLog, type FakeClock, type FakeLog } from '../../helpers/fake-clock.ts';
import { greeting } from '../../helpers/fake-transport.ts';

/** A call that waits for its test to answer it. */
export interface HeldCall extends Call {
  answer(text: string): void;
}

export interface TestFront {
  readonly front: HttpFront;
  readonly url: string;
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly calls: HeldCall[];
  readonly listens: Listens;
  /** Sessions and requests there were, whenever that changed. */
  readonly counts: number[];
}

/** The HTTP front over real sockets and real sessions; its clock, its limits and the far end of its calls are the test's. */
export async function openFront(
  t: TestContext,
  options: {
    readonly config?: Partial<Config['http']>;
    readonly client?: Partial<Config['client']>;
    readonly deps?: Partial<HttpDeps>;
    /** Why a caller may see nothing. */
    readonly refuses?: (caller: Caller) => Error | null;
  } = {},
): Promise<TestFront> {
  const clock = createFakeClock();
  const log = createFakeLog();
  const registry = openRegistry('memory');
  const calls: HeldCall[] = [];
  const counts: number[] = [];
  const view = createView(
    {
      cursors: createCursors(),
      id: '',
      catalog: {
        offer: () => ({ greeting, tool: [{ name: 'wait' }], prompt: [], resource: [], template: [] }),
      },
      names: createCatalogStore(registry.db),
    },
    [{ profile: 'db:prod', connector: 'db', alias: 'prod', metadata: {} }],
  );
  const limits = { ...defaultConfig.client, ...options.client };
  const subscriptions = createSubscriptions({
    supervisor: () => ({ request: () => Promise.reject(new Error('no upstream')) }),
    log,
  });
  const listens = createListens({
    log,
    version: '9.9.9',
    dispatch: hold,
    subscriptions,
    settle: async () => {},
  });
  const tasks = createTasks({ clock });
  const exposedDispatch = () => hold;
  const answerModern = createModern({
    limits,
    version: '9.9.9',
    exposedDispatch,
    listens,
    tasks,
    settle: async () => {},
  });
  const open = (io: SessionIo, caller: Caller): Session => {
    const refusal = options.refuses?.(caller);
    if (refusal) throw refusal;
    const deps = {
      clock,
      log,
      limits,
      version: '9.9.9',
      dispatch: hold,
      exposedDispatch,
      settle: async () => {},
      setLevel: async () => {},
      subscriptions,
      tasks,
      answerModern,
      onNamed: () => {},
    };
    return createSession(deps, io, caller, () => view);
  };

  function hold(call: Call): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const answer = (text: string): void =>
      resolve({ kind: 'made', body: { result: { content: [{ type: 'text', text }] } } });
    calls.push({ ...call, answer });
    call.signal?.addEventListener('abort', () => reject(new Error('cancelled')));
    return promise;
  }

  const front = await listenOnHttp({
    address: { host: '127.0.0.1', port: 0 },
    config: { ...defaultConfig.http, ...options.config },
    bodyLimit: defaultConfig.upstream.max_frame_mib,
    unreadLimit: limits.max_backlog_mib,
    clock,
    log,
    verify: null,
    openSession: open,
    openOneShot: open,
    answerModern(request) {
      const refusal = options.refuses?.(request.caller);
      if (refusal) throw refusal;
      return answerModern({ ...request, view: () => view });
    },
    health: () => ({}),
    onClients: (count) => counts.push(count),
    ...options.deps,
  });
  t.after(async () => {
    const closing = front.close();
    // Connections a test leaves open get a second to end, which is the test's to give.
    await clock.advance(1_000);
    await closing;
    registry.close();
  });
  return { front, url: front.url, clock, log, calls, listens, counts };
}
