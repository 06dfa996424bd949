import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';

/** What every view asks of the desktop: its clipboard and the person's browser. */
export class DesktopState {
  problem = $state.raw<NucleusError | null>(null);
  /** The same once more. */
  again: (() => Promise<void>) | null = null;
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
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
    this.again = () => this.#act(act);
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
    }
  }
}
