import type { HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { Clock, Log } from '../platform.ts';

export function createHosts(_deps: {
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly shim: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}): { handlers: HandlersOf<PersonContract>['hosts']; watch(onChange: () => void): () => void } {
  const none = (): never => {
    throw new Error('being written');
  };
  return { handlers: { list: () => [], connect: none, undo: none }, watch: () => () => {} };
}
