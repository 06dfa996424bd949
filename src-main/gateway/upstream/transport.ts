import type { NucleusError } from '../../../src-shared/errors.ts';
import type { Params } from '../wire/frame.ts';
import type { Era } from '../wire/peer.ts';

/** Why an upstream's transport ended, in words for people and for the next decision. */
export interface Ending {
  /** `asked`: we closed it. `exited`: it ended by itself. */
  readonly kind: 'asked' | 'exited';
  /** A clause for a sentence: `exited with code 3`, `was killed by SIGSEGV`. */
  readonly what: string;
}

/** What a request says, for a transport that repeats some of it beside the message. */
export interface About {
  readonly method: string;
  readonly params: Params | undefined;
}

/** A two-way stream of JSON-RPC messages to one upstream. */
export interface Transport {
  readonly pid: number | null;
  /** Messages go over HTTP, where what stands between client and server reads headers. */
  readonly isHttp?: boolean;
  /** The one era this transport belongs to, where there is only one. */
  readonly onlyEra?: 'legacy';
  /** The era spoken from here on, for a transport to which that makes a difference. Nothing is open, or is to be lost. */
  speak?(era: Era): void;
  /**
   * Queues one message (without newline); a request comes with its id. One that is harmless may be sent again where it
   * is not known whether the upstream had it. False when the upstream reads too slowly to take more.
   */
  send(message: string, id: number | undefined, isHarmless: boolean, about?: About): boolean;
  /** Nobody waits for the answer to this request any more. */
  abandon(id: number): void;
  /**
   * Called once per message line, in order; gives the id of the request it answers. `via` is the request on whose
   * stream it came, where the transport has one each. Set before the first line can arrive.
   */
  onLine: (line: Buffer, via?: number) => number | null;
  /** Called for a line over the limit with both its ends; the line itself is gone. */
  onOverflow: (head: Buffer, tail: Buffer, length: number) => void;
  /** Called when the answer to one request can no longer come while the transport lives. */
  onLost: (id: number, error: NucleusError) => void;
  /** Called at most once: what is open may still be answered, anything new needs another transport. */
  onStale: (what: string) => void;
  /** Called exactly once. */
  onEnd: (ending: Ending) => void;
  /** The last things the upstream wrote to stderr, for error sentences. */
  stderrTail(): string;
  /** Ends the upstream and everything it started; resolves when nothing of it runs. */
  close(): Promise<void>;
}

/** What a transport begins with: nobody listens yet. */
export const unheard = {
  onLine: () => null,
  onOverflow: () => {},
  onLost: () => {},
  onStale: () => {},
  onEnd: () => {},
} satisfies Partial<Transport>;

/** Whoever listens to one transport hears another. */
export function relay(from: Transport, to: Transport): void {
  from.onLine = (line, via) => to.onLine(line, via);
  from.onOverflow = (head, tail, length) => to.onOverflow(head, tail, length);
  from.onLost = (id, error) => to.onLost(id, error);
  from.onStale = (why) => to.onStale(why);
  from.onEnd = (ending) => to.onEnd(ending);
}
