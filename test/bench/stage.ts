import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Params } from './client.ts';
import { node, program } from './machine.ts';
import { pause, type Pair, type Subject, type Upstream } from './subject.ts';
import { gatewayProcesses, usageOf, type Usage } from './usage.ts';

/** A subject that runs, and what the measures may ask of it. */
export interface Stage {
  readonly subject: Subject;
  /** From the start to the complete list, and to a good answer of every upstream. */
  readonly listedMs: number;
  readonly calledMs: number;
  /** Calls a tool of the upstream with this number; one past the last is the first again. Rejects when it fails. */
  call(upstream: number, tool: string, args: Params): Promise<void>;
  /** Reads the whole list, pages followed; answers how many tools it holds. */
  list(): Promise<number>;
  usage(): Usage;
  close(): Promise<void>;
}

export interface Plan {
  readonly pair: Pair;
  readonly upstreams: number;
  readonly toolsEach: number;
  /** Addresses of upstreams that run already, where the gateway reaches them over HTTP. */
  readonly urls: readonly string[];
}

const readyMs = 60_000;

/** Starts a subject over upstreams of its own, and waits until it has listed and called each of them. */
export async function openStage(folder: string, subject: Subject, plan: Plan): Promise<Stage> {
  mkdirSync(folder, { recursive: true });
  const own = mkdtempSync(join(folder, `${subject.name}-`));
  const upstreams = upstreamsOf(plan);
  const start = await subject.prepare({ pair: plan.pair, upstreams, folder: own });
  const began = performance.now();
  const started = await start();
  const { clients, roots } = started;

  const isEarly = (error: Error): boolean => {
    if (subject.lists) throw error;
    return false;
  };
  const clientOf = (index: number): Client => clients[index % clients.length] as Client;
  async function call(index: number, tool: string, args: Params): Promise<void> {
    const { name } = upstreams[index % upstreams.length] as Upstream;
    const result = await clientOf(index % upstreams.length).request(
      'tools/call',
      subject.call(name, tool, args),
    );
    if (result['isError'] === true) throw new Error(JSON.stringify(result).slice(0, 300));
  }
  async function list(): Promise<number> {
    let count = 0;
    for (const client of clients) {
      let cursor: unknown;
      do {
        const page = await client.request('tools/list', cursor === undefined ? {} : { cursor });
        count += (page['tools'] as unknown[]).length;
        cursor = page['nextCursor'];
      } while (cursor !== undefined);
    }
    return count;
  }
  async function close(): Promise<void> {
    await started.close();
    rmSync(own, { recursive: true, force: true });
  }

  try {
    const wanted = subject.lists ? plan.upstreams * plan.toolsEach : 0;
    await until(async () => (await list()) >= wanted);
    const listedMs = performance.now() - began;
    // Those whose list says nothing of their upstreams may still be starting them.
    const answers = (index: number): Promise<boolean> =>
      call(index, 'echo', { text: 'x' }).then(() => true, isEarly);
    await Promise.all(upstreams.map((_, index) => until(() => answers(index))));
    const calledMs = performance.now() - began;
    return {
      subject,
      listedMs,
      calledMs,
      call,
      list,
      usage: () => usageOf(gatewayProcesses(roots)),
      close,
    };
  } catch (error) {
    await close().catch(() => {}); // The first failure is the one to tell.
    throw error;
  }
}

async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + readyMs;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('it was not ready within a minute');
    await pause(5);
  }
}

function upstreamsOf({ upstreams, toolsEach, urls }: Plan): Upstream[] {
  return Array.from({ length: upstreams }, (_, index) => {
    const name = `s${index}`;
    const url = urls[index] ?? null;
    return { name, command: node, args: [program('stub'), name, String(toolsEach)], url };
  });
}
