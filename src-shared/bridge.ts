import type { Topic } from './contract.ts';

/** How an answer crosses from the app's process to a window: errors travel as data, with their code. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string; readonly data?: unknown };
    };

/** All a window of the app holds of the world outside it: `window.nucleus`, put there by the preload. */
export interface NucleusBridge {
  /** Puts one question of `windowContract`, e.g. `profiles.add`. Never rejects: what fails is a Reply. */
  ask(name: string, input: unknown): Promise<Reply>;
  /** Calls whenever something changed that the window may show; the returned function ends it. */
  on(listener: (topics: readonly Topic[]) => void): () => void;
}
