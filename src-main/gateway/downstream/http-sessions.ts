import type { ServerResponse } from 'node:http';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { createHttpSession, sessionUnknown, type HttpSession } from './http-session.ts';
import type { Session, SessionIo } from './session.ts';

/** Signs of life, and looks for sessions nobody uses, come this often. */
const beatMs = 15_000;

/** The sessions of an HTTP front: opened, found again by their id, ended when nobody uses them. */
export interface HttpSessions {
  readonly size: number;
  /** Throws SESSIONS_FULL while every session is in use. */
  open(principal: string, path: string, open: (io: SessionIo) => Session): HttpSession;
  /** Throws SESSION_UNKNOWN also for a session of somebody else: whether it exists is none of their business. */
  find(id: string, principal: string, path: string): HttpSession;
  endOf(principal: string): void;
  /** Ends each session when everything asked was answered. */
  finish(): void;
  close(): void;
}

export function createHttpSessions(deps: {
  readonly clock: Clock;
  readonly maxSessions: number;
  /** Milliseconds after which a session nobody uses is ended. */
  readonly idleMs: number;
  onUnread(principal: string, response: ServerResponse): void;
  onCount(count: number): void;
}): HttpSessions {
  const { clock } = deps;
  const sessions = new Map<string, HttpSession>();
  let forgetBeat: (() => void) | null = null;

  function beat(): void {
    const now = clock.now();
    for (const session of Array.from(sessions.values()))
      if (now - session.lastSeen() > deps.idleMs) session.close();
      else session.beat();
    forgetBeat = sessions.size > 0 ? clock.after(beatMs, beat) : null;
  }

  /** Makes room by ending the session of whoever has most of them that was not used for longest. */
  function makeRoom(principal: string): void {
    if (sessions.size < deps.maxSessions) return;
    const [most = []] = [...Map.groupBy(sessions.values(), (session) => session.principal).values()].toSorted(
      (a, b) => b.length - a.length,
    );
    const [oldest] = most.toSorted((a, b) => a.lastSeen() - b.lastSeen());
    const isInUse = oldest?.lastSeen() === Number.POSITIVE_INFINITY;
    // Nobody is crowded out by one who has more than they: that one loses a session even where it is in use.
    if (!oldest || (isInUse && oldest.principal === principal))
      throw new NucleusError(
        'SESSIONS_FULL',
        `all ${deps.maxSessions} sessions are in use; end some, or raise http.max_sessions in config.toml`,
      );
    oldest.close();
  }

  return {
    get size() {
      return sessions.size;
    },
    open(principal, path, open) {
      const session = createHttpSession({
        principal,
        path,
        clock,
        open,
        onUnread: (response) => deps.onUnread(principal, response),
        onEnd(id) {
          sessions.delete(id);
          deps.onCount(sessions.size);
        },
      });
      try {
        // Only now: who may not see what it asked for must not push others out.
        makeRoom(principal);
      } catch (error) {
        session.close();
        throw error;
      }
      sessions.set(session.id, session);
      deps.onCount(sessions.size);
      forgetBeat ??= clock.after(beatMs, beat);
      return session;
    },
    find(id, principal, path) {
      const session = sessions.get(id);
      if (session?.principal === principal && session.path === path) return session;
      throw sessionUnknown();
    },
    endOf(principal) {
      for (const session of Array.from(sessions.values()))
        if (session.principal === principal) session.close();
    },
    finish() {
      for (const session of Array.from(sessions.values())) session.finish();
    },
    close() {
      forgetBeat?.();
      for (const session of Array.from(sessions.values())) session.close();
    },
  };
}
