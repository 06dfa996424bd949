import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { node, program } from './machine.ts';

/** Upstreams over HTTP, shared by all: they keep nothing of a client. */
export async function openStubs(
  count: number,
  toolsEach: number,
): Promise<{ readonly urls: readonly string[]; close(): void }> {
  const children: ChildProcess[] = [];
  const urls = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const child = spawn(node, [program('stub'), `s${index}`, String(toolsEach), 'http'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
      return `http://127.0.0.1:${port}/mcp`;
    }),
  );
  return {
    urls,
    close() {
      for (const child of children) child.kill();
    },
  };
}
