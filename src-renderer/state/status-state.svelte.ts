import type { HostStatus } from '../../src-shared/hosts.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';

export type HostAct = 'connect' | 'undo';

/** The Status view, and what connects hosts wherever that is offered. */
export class StatusState {
  busyHost = $state<HostAct | null>(null);
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

  async copy(value: string): Promise<void> {
    await this.#act(async () => {
      await this.#app.api.app.copy({ text: value });
      this.#app.announce('copy', text.app.copied);
    });
  }

  async openPage(url: string): Promise<void> {
    await this.#act(async () => void (await this.#app.api.app.openPage({ url })));
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
