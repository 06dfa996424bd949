import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { WindowApi } from '../api.ts';
import type { AppState } from './app-state.svelte.ts';

type Change = Pick<Parameters<WindowApi['settings']['set']>[0], 'theme' | 'autostart' | 'looksForUpdates'>;

/** What the Settings view changes of the app itself. */
export class SettingsState {
  isQuitting = $state(false);
  problem = $state.raw<NucleusError | null>(null);
  /** The act that ran into it, once more. */
  again: (() => Promise<unknown>) | null = null;
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
  }

  async set(change: Change): Promise<void> {
    await this.#act(async () => {
      this.#app.settings.value = await this.#app.api.settings.set(change);
    });
    // A switch that could not be set must not look set.
    await this.#app.settings.refresh();
  }

  async lookForUpdate(): Promise<void> {
    await this.#act(async () => {
      this.#app.settings.value = await this.#app.api.app.lookForUpdate({});
    });
  }

  async quit(): Promise<void> {
    this.isQuitting = true;
    await this.#act(async () => {
      await this.#app.api.app.quit({});
    });
    this.isQuitting = false;
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
