import { parentPort } from 'node:worker_threads';
import { compareResults } from './compare.ts';
import type { Task } from './comparer.ts';

/* A thread that compares what is too large for the gateway's own; see comparer.ts. What it throws ends it. */
parentPort?.on('message', ({ sides, base }: Task) => {
  parentPort?.postMessage(compareResults(sides, base));
});
