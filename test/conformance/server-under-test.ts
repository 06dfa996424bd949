import { join } from 'node:path';
import { addressOf, start, startGateway, type Started } from './gateway.ts';
import type { Pairing, Upstream } from './pairing.ts';

export interface ServerUnderTest {
  readonly url: string;
  /** What the processes printed so far. */
  output(): string;
  close(): Promise<void>;
}

const fixture = join(import.meta.dirname, '../fixtures/conformance-server/main.ts');

/** Starts the fixture and, unless the pairing is direct, a gateway before it; its state is `folder`. */
export async function startServerUnderTest(
  pairing: Omit<Pairing, 'role'>,
  folder: string,
): Promise<ServerUnderTest> {
  const { upstream, isDirect } = pairing;
  const started: Started[] = [];
  const close = async (): Promise<void> => {
    for (const process of started.toReversed()) await process.end();
  };
  const output = (): string => started.map((process) => process.output()).join('\n');
  const add = (process: Started): Started => {
    started.push(process);
    return process;
  };
  try {
    const behind =
      upstream.transport === 'http'
        ? await add(start(process.execPath, fixtureArgs(upstream), folder)).said(/^(http:\S+)$/m)
        : null;
    if (isDirect && behind !== null) return { url: behind, output, close };
    const server =
      behind === null ? { command: process.execPath, args: fixtureArgs(upstream) } : { url: behind };
    return { url: await addressOf(add(startGateway(server, folder))), output, close };
  } catch (error) {
    await close();
    throw new Error(`${(error as Error).message}\n${output()}`, { cause: error });
  }
}

function fixtureArgs({ transport, era }: Upstream): string[] {
  return [fixture, '--transport', transport, '--era', era];
}
