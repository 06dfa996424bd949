import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';

/** Locking everything, and a person's word that it may go on. */
export class LockState {
  busy = $state<'lock' | 'unlock' | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  /** Since when all is locked; null while it is not. */
  readonly since: number | null = $derived.by(() => this.#app.status.value?.lockedAt ?? null);
  /** Why nothing that needs a server can be done right now; the buttons of such acts are inert and say it. */
  readonly reason: string | null = $derived.by(() => (this.since === null ? null : text.lock.reason));
  readonly #app: AppState;
  #last: Promise<void> = Promise.resolve();

  constructor(app: AppState) {
    this.#app = app;
  }

  async engage(): Promise<void> {
    if (this.since !== null) return;
    await this.#act('lock', async () => {
      await this.#app.api.lock.engage({});
      this.#app.announce('lock', text.lock.saidLocked);
    });
  }

  async release(): Promise<void> {
    await this.#act('unlock', async () => {
      await this.#app.api.lock.release({});
      this.#app.announce('lock', text.lock.saidUnlocked);
    });
  }

  /** One after the other: it is locked before that is written to disk, and who unlocks then means it. */
  #act(busy: 'lock' | 'unlock', act: () => Promise<void>): Promise<void> {
    if (this.busy === busy) return this.#last;
    this.#last = this.#last.then(() => this.#do(busy, act));
    return this.#last;
  }

  async #do(busy: 'lock' | 'unlock', act: () => Promise<void>): Promise<void> {
    this.busy = busy;
    this.problem = null;
    try {
      await act();
      await Promise.all([this.#app.refresh('status'), this.#app.refresh('approvals')]);
    } catch (error) {
      this.problem = toNucleusError(error);
    } finally {
      this.busy = null;
    }
  }
}
