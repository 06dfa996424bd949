import type { ServerResponse } from 'node:http';
import type { Clock } from '../../gateway/platform.ts';
import type { News } from './news.ts';

/** A tunnel drops a connection nothing comes over. */
const aliveMs = 25_000;
/** A page that does not read what it is told is let go. */
const maxUnread = 64 * 1024;

/** Tells one page what changed, as a stream of events (HTML standard, section 9.2), until either side ends. */
export function streamNews(
  response: ServerResponse,
  deps: { readonly news: Pick<News, 'listen'>; readonly clock: Clock; readonly ended: AbortSignal },
): void {
  const { news, clock, ended } = deps;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write = (text: string): void => {
    response.write(text);
    if (response.writableLength > maxUnread) response.destroy();
  };
  let forget = (): void => {};
  const beat = (): void => {
    write(':\n\n');
    forget = clock.after(aliveMs, beat);
  };
  const unlisten = news.listen((topics) => write(`data: ${JSON.stringify({ topics })}\n\n`));
  const end = (): void => void response.end();
  ended.addEventListener('abort', end, { once: true });
  response.once('close', () => {
    unlisten();
    forget();
    ended.removeEventListener('abort', end);
  });
  beat();
}
