import { parentPort, workerData } from 'node:worker_threads';
import type { Begun, Question, Reply, Settings } from './protocol.ts';
import { createDatabase, Refusal } from './database.ts';

/*
 * A process of its own, because only a process can be ended in the midst of a statement: SQLite runs natively, and
 * terminating a worker thread waits for it, without end where the statement has none. In the desktop app it is a
 * thread all the same, of a server that ends whole when a statement does not.
 */
const port = parentPort;
const settings = (port ? workerData : JSON.parse(process.argv[2] ?? '')) as Settings;
const database = createDatabase(settings);
const begun: Begun = { begun: true };

if (port) {
  port.on('message', (question: Question) => {
    port.postMessage(begun);
    port.postMessage(replyTo(question));
  });
} else {
  // Written before the statement blocks this process.
  process.on('message', (question: Question) => {
    process.send?.(begun, () => process.send?.(replyTo(question)));
  });
  // The server is gone, and nobody waits for an answer.
  process.once('disconnect', () => process.exit());
}

function replyTo(question: Question): Reply {
  try {
    return { text: database.answer(question) };
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message };
    throw error;
  }
}
