import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page that comes back from a browser; what it says never reaches it again. */
const pages = {
  done: [200, 'You are signed in', 'You can close this page and go back to Nucleus.'],
  refused: [
    400,
    'Not this one',
    'This page does not belong to a sign-in that is open. Start again in Nucleus.',
  ],
  over: [410, 'This sign-in is over', 'Start again in Nucleus.'],
} as const;

const path = '/callback';
const requestMs = 10_000;
/** A program that tries its luck does not get many. */
const maxWrong = 50;

export interface Listener {
  readonly redirectUri: string;
  close(): void;
}

/**
 * Waits on a loopback port for the browser to come back (RFC 8252, section 7.3): one GET with the right state, answered
 * with a page that holds nothing of it. The port closes when that came.
 */
export async function listenForRedirect(options: {
  /** Whether an address is the one waited for. */
  isAnswer(url: URL): boolean;
  onAnswer(url: URL): void;
  /** A port that was agreed on; else any that is free. */
  readonly port?: number | undefined;
}): Promise<Listener> {
  let isOver = false;
  let wrong = 0;
  const server = createServer(
    { requestTimeout: requestMs, headersTimeout: requestMs },
    (request, response) => {
      const url = read(request);
      const isRight = !isOver && url !== null && options.isAnswer(url);
      const [status, title, text] = isRight ? pages.done : isOver ? pages.over : pages.refused;
      response.writeHead(url === null ? 404 : status, headers);
      response.end(page(title, text));
      if (isRight) {
        isOver = true;
        options.onAnswer(url);
      } else if ((wrong += 1) >= maxWrong) close();
    },
  );
  server.maxConnections = 20;

  /** As long as it takes to say the last answer. */
  function close(): void {
    isOver = true;
    server.close();
    server.closeIdleConnections();
  }

  function read({ method, url = '', headers: { host } }: IncomingMessage): URL | null {
    // A page of another name that was made to point here (DNS rebinding) shows itself by its Host.
    if (method !== 'GET' || host !== `127.0.0.1:${port}` || !URL.canParse(url, redirectUri)) return null;
    const found = new URL(url, redirectUri);
    return found.pathname === path && found.host === host ? found : null;
  }

  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const redirectUri = `http://127.0.0.1:${port}${path}`;
  // A sign-in that waits keeps no process alive.
  server.unref();
  return { redirectUri, close };
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  connection: 'close',
};

function page(title: string, text: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`;
}
