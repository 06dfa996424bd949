import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../gateway/platform.ts';

/** How long a link can be opened, and how many wait to be. */
const linkMs = 2 * 60_000;
const maxLinks = 5;
/** How long a page may take to ask for its key. */
const claimMs = 2 * 60_000;
const sessionMs = 12 * 60 * 60_000;
const maxSessions = 20;
/** Requests with a PIN that one session remembers, so that none of them is heard twice. */
const maxProven = 1_000;

/** What a browser holds of a session: a cookie no script reads, and later a key that no other port is sent. */
export interface Access {
  /** A token that opens one session, once, for two minutes. */
  makeLink(): string;
  /** The cookie of a new session; null for a token that is no link any more, or never was. */
  open(token: string): string | null;
  /**
   * The key of the session, for the first page that asks. Cookies do not know ports: any server on this machine whose
   * page a person visits is sent ours, so the cookie alone opens nothing.
   */
  claim(cookie: string): string | null;
  find(cookie: string, key: string): UiSession | null;
  close(): void;
}

export interface UiSession {
  /** Aborted when it is over. */
  readonly ended: AbortSignal;
  /** False for an id it knows already: a request with a PIN counts once. */
  isFresh(id: string): boolean;
  end(): void;
}

interface Kept extends UiSession {
  key: Buffer | null;
  readonly openedAt: number;
}

/** Who may use the page of one `nucleus ui`. Only hashes of what browsers hold are kept. */
export function createAccess(deps: { readonly clock: Clock }): Access {
  const { clock } = deps;
  /** When each link ends, by the hash of its token. */
  const links = new Map<string, number>();
  const sessions = new Map<string, Kept>();

  function openSession(cookie: string): void {
    const id = hash(cookie).toString('hex');
    const over = new AbortController();
    const forget = clock.after(sessionMs, end);
    const proven = new Set<string>();
    function end(): void {
      forget();
      sessions.delete(id);
      over.abort();
    }
    const [oldest] = sessions.values();
    if (sessions.size >= maxSessions) oldest?.end();
    sessions.set(id, {
      key: null,
      openedAt: clock.now(),
      ended: over.signal,
      isFresh(request) {
        if (!/^[\w-]{16,64}$/.test(request) || proven.has(request) || proven.size >= maxProven) return false;
        proven.add(request);
        return true;
      },
      end,
    });
  }

  return {
    makeLink() {
      const token = secret();
      const [oldest] = links.keys();
      if (oldest !== undefined && links.size >= maxLinks) links.delete(oldest);
      links.set(hash(token).toString('hex'), clock.now() + linkMs);
      return token;
    },
    open(token) {
      const id = hash(token).toString('hex');
      const endsAt = links.get(id);
      links.delete(id);
      if (endsAt === undefined || endsAt <= clock.now()) return null;
      const cookie = secret();
      openSession(cookie);
      return cookie;
    },
    claim(cookie) {
      const session = sessions.get(hash(cookie).toString('hex'));
      if (!session || session.key !== null || clock.now() - session.openedAt > claimMs) return null;
      const key = secret();
      session.key = hash(key);
      return key;
    },
    find(cookie, key) {
      const session = sessions.get(hash(cookie).toString('hex'));
      return session?.key && timingSafeEqual(session.key, hash(key)) ? session : null;
    },
    close() {
      links.clear();
      for (const session of Array.from(sessions.values())) session.end();
    },
  };
}

/** 256 bits as they may stand in a URL. */
function secret(): string {
  return randomBytes(32).toString('base64url');
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
