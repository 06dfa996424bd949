import type { HostStatus } from '../../src-shared/contract.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';

export type HostAct = 'connect' | 'undo';

/** The Status view, and what connects hosts wherever that is offered. */
export class StatusState {
  busyHost = $state<HostAct | null>(null);
  isQuitting = $state(false);
  problem = $state.raw<NucleusError | null>(null);
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
  }

  async host(act: HostAct, host: HostStatus['host']): Promise<void> {
    if (this.busyHost !== null) return;
    this.busyHost = act;
    await this.#act(async () => {
      await this.#app.api.hosts[act]({ host });
      await this.#app.refresh('hosts');
    });
    this.busyHost = null;
  }

  async setAutostart(autostart: boolean): Promise<void> {
    await this.#act(async () => {
      this.#app.settings.value = await this.#app.api.settings.set({ autostart });
    });
    // A switch that could not be set must not look set.
    await this.#app.settings.refresh();
  }

  async quit(): Promise<void> {
    this.isQuitting = true;
    await this.#act(async () => {
      await this.#app.api.app.quit({});
    });
    this.isQuitting = false;
  }

  async copy(value: string): Promise<void> {
    await this.#act(async () => {
      await this.#app.api.app.copy({ text: value });
      this.#app.announce('copy', text.app.copied);
    });
  }

  async #act(act: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
    }
  }
}
