import { withDeadline } from './until.ts';

/**
 * How many MiB of a process are in use, buffers included, once all that can be collected was. `stderr` is what a process started with
 * --inspect=127.0.0.1:0 printed: there it says where its debugger listens.
 */
export async function heapOf(stderr: string): Promise<number> {
  const address = /^Debugger listening on (ws:\S+)$/m.exec(stderr)?.[1];
  if (address === undefined) throw new Error(`no debugger in: ${stderr.slice(0, 500)}`);
  const socket = new WebSocket(address);
  const opened = Promise.withResolvers<void>();
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('error', () => opened.reject(new Error(`${address} cannot be reached`)));
  try {
    await withDeadline('the debugger', opened.promise);
    await ask(socket, 1, 'HeapProfiler.collectGarbage');
    const answer = await ask(socket, 2, 'Runtime.getHeapUsage');
    const { usedSize, backingStorageSize = 0 } = answer as { usedSize: number; backingStorageSize?: number };
    return (usedSize + backingStorageSize) / 1024 / 1024;
  } finally {
    socket.close();
  }
}

function ask(socket: WebSocket, id: number, method: string): Promise<unknown> {
  const answered = Promise.withResolvers<unknown>();
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { id: number; result: unknown };
    if (message.id === id) answered.resolve(message.result);
  });
  socket.send(JSON.stringify({ id, method }));
  return withDeadline(method, answered.promise, 30_000);
}
