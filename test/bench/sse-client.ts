import http from 'node:http';
import { createAnswers, initialize, initialized, type Client } from './client.ts';

/** A client of the HTTP+SSE transport of 2024-11-05, which peers still speak: one stream for answers, a POST per request. */
export async function openSseClient(url: string): Promise<Client> {
  const agent = new http.Agent({ keepAlive: true });
  const answers = createAnswers();
  const opened = Promise.withResolvers<string>();

  const stream = http.get(url, { headers: { accept: 'text/event-stream' } }, (response) => {
    if (response.statusCode !== 200) return opened.reject(new Error(`HTTP ${response.statusCode}`));
    let chunks: string[] = [];
    response.setEncoding('utf8').on('data', (chunk: string) => {
      chunks.push(chunk);
      if (!chunk.endsWith('\n')) return;
      const events = chunks.join('').split(/\r?\n\r?\n/);
      chunks = [events.pop() ?? ''];
      for (const event of events) {
        const data = /^data: ?(.*)$/m.exec(event)?.[1] ?? '';
        if (/^event: ?endpoint$/m.test(event)) opened.resolve(new URL(data, url).href);
        else answers.take(data);
      }
    });
    response.once('close', () => answers.end(new Error('the event stream ended')));
  });
  stream.once('error', opened.reject);
  const close = (): void => {
    answers.end(new Error('closed'));
    stream.destroy();
    agent.destroy();
  };
  const target = await opened.promise.catch((error: unknown) => {
    close();
    throw error;
  });

  const post = (id: number, message: object): void => {
    const headers = { 'content-type': 'application/json' };
    const request = http.request(target, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      if ((response.statusCode ?? 500) >= 300)
        answers.fail(id, new Error(`HTTP ${response.statusCode} to a request`));
    });
    request.once('error', (error) => answers.fail(id, error));
    request.end(JSON.stringify(message));
  };
  const client: Client = {
    request: (method, params) =>
      answers.wait(method, (id) => post(id, { jsonrpc: '2.0', id, method, params })),
    close,
  };
  await client.request('initialize', initialize);
  post(0, initialized);
  return client;
}
