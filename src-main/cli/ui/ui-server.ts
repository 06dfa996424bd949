import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { NucleusError } from '../../../src-shared/errors.ts';
import { openHttpServer } from '../../gateway/downstream/http-server.ts';
import type { Clock } from '../../gateway/platform.ts';
import { createAccess } from './access.ts';
import type { OpenLine } from './door.ts';
import { createUiFront } from './front.ts';
import { createNews } from './news.ts';
import { createQuestions } from './questions.ts';
import { isSameUser } from './same-user.ts';

/** Every open page holds one connection, and some for what it asks. */
const maxConnections = 300;

/** The page of one `nucleus ui`. */
export interface UiServer {
  readonly url: string;
  /** An address that lets one browser in, once, for two minutes. */
  makeLink(): string;
  close(): Promise<void>;
}

/** Serves the pages in a folder on loopback, and what they ask over lines to the gateway. */
export async function openUiServer(options: {
  /** 0: any free one. */
  readonly port: number;
  readonly pages: string;
  readonly open: OpenLine;
  readonly clock: Clock;
  readonly onOpened?: () => void;
}): Promise<UiServer> {
  const { port, pages, open, clock, onOpened = () => {} } = options;
  const access = createAccess({ clock });
  const news = createNews({ open, clock });
  /** Asked once of each connection: it takes a look at all there are. */
  const users = new WeakMap<Socket, boolean>();
  const front = createUiFront({
    access,
    news,
    pages,
    clock,
    put: createQuestions(open),
    cookieName: `nucleus-${randomBytes(6).toString('hex')}`,
    isSameUser({ socket }) {
      const isSame = users.get(socket) ?? isSameUser(socket);
      users.set(socket, isSame);
      return isSame;
    },
    onOpened,
  });
  const { server, url } = await openHttpServer({ host: '127.0.0.1', port }, front, {
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: 16_384,
    maxConnections,
  }).catch((error: unknown) => {
    news.close();
    throw isTaken(error)
      ? new NucleusError('ADDRESS_TAKEN', `port ${port} cannot be had; leave --port out, or name another one`)
      : error;
  });
  return {
    url,
    makeLink: () => `${url}/open/${access.makeLink()}`,
    async close() {
      news.close();
      access.close();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

function isTaken(error: unknown): boolean {
  return error instanceof NucleusError && error.code === 'ADDRESS_TAKEN';
}
