import type { WindowApi } from '../api.ts';
import { Acts } from './acts.svelte.ts';
import type { AppState } from './app-state.svelte.ts';

type Change = Pick<Parameters<WindowApi['settings']['set']>[0], 'theme' | 'autostart' | 'looksForUpdates'>;

/** What the Settings view changes of the app itself. */
export class SettingsState extends Acts {
  isQuitting = $state(false);
  readonly #app: AppState;

  constructor(app: AppState) {
    super();
    this.#app = app;
  }

  async set(change: Change): Promise<void> {
    await this.act(async () => {
      this.#app.settings.value = await this.#app.api.settings.set(change);
    });
    // A switch that could not be set must not look set.
    await this.#app.settings.refresh();
  }

  async lookForUpdate(): Promise<void> {
    await this.act(async () => {
      this.#app.settings.value = await this.#app.api.app.lookForUpdate({});
    });
  }

  async quit(): Promise<void> {
    this.isQuitting = true;
    await this.act(async () => {
      await this.#app.api.app.quit({});
    });
    this.isQuitting = false;
  }
}
