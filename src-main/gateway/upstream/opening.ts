import type { Config } from '../../../src-shared/config.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { createConnection, type Connection, type ConnectionEvents } from './connection.ts';
import type { EraMemory } from './era-memory.ts';
import { greet, type Greeting } from './era.ts';
import { startError, stoppedError } from './start-errors.ts';
import type { Transport } from './transport.ts';

export interface Opened {
  readonly connection: Connection;
  readonly greeting: Greeting;
}

/** Whoever wants a connection, and watches it come to be. */
export interface Opener {
  isStopped(): boolean;
  /** A connection was made that is not greeted yet; whoever is told closes it when it comes to nothing. */
  onConnection(connection: Connection): void;
  /** What is done with the events of a connection; `lastWords` are of its stderr. */
  events(connection: () => Connection | null, lastWords: () => string): ConnectionEvents;
}

/** Opens connections and greets the servers behind them, each in the era it speaks. */
export function createOpening(deps: {
  readonly clock: Clock;
  readonly config: Config['upstream'];
  readonly clientInfo: Params;
  readonly eras: EraMemory;
  open(profile: string): Promise<Transport>;
  roots(profile: string): readonly Params[];
}): (profile: string, opener: Opener) => Promise<Opened> {
  const { clock, config, eras } = deps;
  /** Their server ended over a greeting it did not know; it is not shown that again while it is found to fail. */
  const frightened = new Set<string>();

  async function open(profile: string, opener: Opener): Promise<Opened> {
    const transport = await deps.open(profile);
    if (opener.isStopped()) {
      await transport.close();
      throw stoppedError(profile);
    }
    const lastWords = transport.stderrTail;
    let made: Connection | null = null;
    const connection = createConnection({
      profile,
      transport,
      clock,
      maxInFlight: config.max_in_flight,
      roots: () => deps.roots(profile),
      events: opener.events(() => made, lastWords),
    });
    made = connection;
    opener.onConnection(connection);
    const wasFrightened = frightened.has(profile);
    const greeted = await greet({
      profile,
      connection,
      transport,
      clock,
      timeoutMs: config.connect_timeout,
      clientInfo: deps.clientInfo,
      recalled: wasFrightened ? 'legacy' : eras.recall(profile),
    }).catch((error: unknown) => {
      throw startError(profile, toNucleusError(error), lastWords());
    });
    if (opener.isStopped()) throw stoppedError(profile);
    if (greeted.kind === 'died') {
      await connection.close();
      frightened.add(profile);
      return open(profile, opener);
    }
    const { greeting } = greeted;
    frightened.delete(profile);
    eras.note(profile, greeting.era, serverOf(greeting.result), greeted.isFound || wasFrightened);
    return { connection, greeting };
  }

  return open;
}

/** Name and version a server gives itself. */
function serverOf(result: Params): string {
  const info = isObject(result['serverInfo']) ? result['serverInfo'] : {};
  return `${String(info['name']).slice(0, 200)} ${String(info['version']).slice(0, 100)}`;
}
