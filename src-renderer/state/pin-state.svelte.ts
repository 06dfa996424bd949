import { toNucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { Resource } from './resource.svelte.ts';
import { sentence } from './words.ts';

/** The approval PIN: whether there is one, and the one being typed, which is forgotten with the form. */
export class PinState {
  isTyping = $state(false);
  pin = $state('');
  again = $state('');
  /** About the first field, or the second. */
  problem = $state.raw<{ readonly field: 'pin' | 'again' | 'act'; readonly sentence: string } | null>(null);
  busy = $state<'set' | 'remove' | null>(null);
  readonly ways: Resource<{ readonly hasPin: boolean }>;
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
    this.ways = new Resource(() => app.api.person.ways({}));
  }

  type(): void {
    this.isTyping = true;
  }

  leave(): void {
    this.isTyping = false;
    this.pin = '';
    this.again = '';
    this.problem = null;
  }

  async set(): Promise<void> {
    const { pin } = this;
    const words = text.settings.pin;
    if (pin === '') this.problem = { field: 'pin', sentence: words.needed };
    else if (pin !== this.again) this.problem = { field: 'again', sentence: words.differ };
    else
      await this.#act('set', async () => {
        await this.#app.api.pin.set({ pin });
        this.#app.announce('pin', words.isSet);
      });
  }

  async remove(): Promise<void> {
    await this.#act('remove', async () => {
      await this.#app.api.pin.remove({});
      this.#app.announce('pin', text.settings.pin.isRemoved);
    });
  }

  async #act(busy: 'set' | 'remove', act: () => Promise<void>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = busy;
    this.problem = null;
    try {
      await act();
      this.leave();
    } catch (error) {
      const { message } = toNucleusError(error);
      this.problem = { field: busy === 'set' ? 'pin' : 'act', sentence: sentence(message) };
    } finally {
      this.busy = null;
    }
    await this.ways.refresh();
  }
}
