import { text } from '../text.ts';
import { Acts } from './acts.svelte.ts';
import type { AppState } from './app-state.svelte.ts';

/** What every view asks of the desktop: its clipboard and the person's browser. */
export class DesktopState extends Acts {
  readonly #app: AppState;

  constructor(app: AppState) {
    super();
    this.#app = app;
  }

  async copy(value: string): Promise<void> {
    await this.act(async () => {
      await this.#app.api.app.copy({ text: value });
      this.#app.announce('copy', text.app.copied);
    });
  }

  async openPage(url: string): Promise<void> {
    await this.act(async () => void (await this.#app.api.app.openPage({ url })));
  }
}
