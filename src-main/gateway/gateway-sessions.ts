import { toNucleusError } from '../../src-shared/errors.ts';
import type { Announcer } from './announcer.ts';
import type { AnswerOver } from './downstream/http-modern.ts';
import type { AnswerModern } from './downstream/modern.ts';
import {
  createSession,
  type Caller,
  type Session,
  type SessionDeps,
  type SessionIo,
} from './downstream/session.ts';
import type { Log } from './platform.ts';
import type { View } from './routing/view.ts';
import type { AskedView, Views } from './routing/views.ts';
import type { Workspaces } from './workspaces/workspaces.ts';

/** Opens sessions of clients, each on the view it asks for and may see. */
export interface GatewaySessions {
  /** Throws when the view names what is not there, or what the caller may not see. */
  openSession(io: SessionIo, caller: Caller, asked?: AskedView): Session;
  /** A session for a single request: told of no change, shown in no status. */
  openOneShot(io: SessionIo, caller: Caller, asked?: AskedView): Session;
  /** A request of the modern era, which needs no session; throws what openSession does. */
  readonly answerModern: AnswerOver;
  /** Lets every client go once what it asked was answered. */
  finish(): Promise<void>;
}

export function createGatewaySessions(deps: {
  /** Those that are open, and what resolves at their end; others tell them of changes. */
  readonly sessions: Map<Session, PromiseWithResolvers<void>>;
  readonly session: SessionDeps;
  readonly answerModern: AnswerModern;
  readonly views: Views;
  readonly workspaces: Workspaces;
  readonly log: Log;
  onLeft(client: object): void;
  readonly announce: Announcer['announce'];
}): GatewaySessions {
  const { sessions, views, workspaces, announce } = deps;

  function selectView(asked: AskedView | undefined, { granted }: Caller): () => View {
    return views.select(asked, granted);
  }

  /** Watches the folder such a view depends on until the returned function is called. */
  function followPlace(asked: AskedView | undefined, { granted }: Caller): () => void {
    const place = views.placeOf(asked, granted);
    return place ? workspaces.follow(place) : () => {};
  }

  return {
    openSession(io, caller, asked) {
      let view = selectView(asked, caller);
      let unfollow = followPlace(asked, caller);
      const place = views.placeOf(asked, caller.granted);
      const ended = Promise.withResolvers<void>();
      const session = createSession(
        deps.session,
        {
          ...io,
          end() {
            sessions.delete(session);
            unfollow();
            deps.onLeft(session.client);
            announce('status');
            io.end();
            ended.resolve();
          },
        },
        caller,
        () => view(),
        place && asked?.folder !== undefined ? moveTo : undefined,
      );
      /** The client works in another folder now; in none it names, where it was started. */
      function moveTo(folder: string | null): void {
        if (!sessions.has(session)) return;
        const moved = { ...asked, folder: folder ?? asked?.folder };
        const before = unfollow;
        try {
          view = selectView(moved, caller);
          unfollow = followPlace(moved, caller);
        } catch (thrown) {
          // Nobody waits for this; the client stays where it was.
          const { message } = toNucleusError(thrown);
          return deps.log.warn('a client could not be followed', { reason: message });
        }
        before();
        session.listsChanged(new Map());
        announce('workspaces');
      }
      sessions.set(session, ended);
      announce('status');
      // A socket's client hears where each account comes from, and what of its own flags cannot be done.
      return {
        ...session,
        notes: () => [
          ...(place ? workspaces.notes(place) : session.notes()),
          ...(asked?.alwaysOn ? (view().surface()?.warnings ?? []) : []).map((one) => `warning: ${one}`),
        ],
      };
    },
    openOneShot: (io, caller, asked) => createSession(deps.session, io, caller, selectView(asked, caller)),
    answerModern(request, asked) {
      const { caller, frame } = request;
      const answering = deps.answerModern({ ...request, view: selectView(asked, caller) });
      // The one request that stays: what it is told of has to be watched as long.
      if (frame.method === 'subscriptions/listen')
        void answering.done.finally(followPlace(asked, caller)).catch(() => {});
      return answering;
    },
    async finish() {
      const endings = [...sessions.values()].map(({ promise }) => promise);
      for (const session of sessions.keys()) session.finish();
      await Promise.all(endings);
    },
  };
}
