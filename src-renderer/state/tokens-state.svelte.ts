import type { ClientInfo } from '../../src-shared/contract.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { Resource } from './resource.svelte.ts';

/** The tokens of clients that come over HTTP. */
export class TokensState {
  name = $state('');
  busy = $state<'add' | 'remove' | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  /** The new one, kept nowhere else: shown until it is put away. */
  added = $state.raw<{
    readonly name: string;
    readonly token: string;
    readonly url: string | null;
  } | null>(null);
  /** The one that is about to go. A removed token cannot come back, so it is asked. */
  asked = $state<string | null>(null);
  readonly list: Resource<readonly ClientInfo[]>;
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
    this.list = new Resource(() => app.api.clients.list({}));
  }

  async add(): Promise<void> {
    const name = this.name.trim();
    if (name === '') return;
    await this.#act('add', async () => {
      const { client, token, url } = await this.#app.api.clients.add({ name });
      this.added = { name: client.name, token, url };
      this.name = '';
    });
  }

  /** The new token was copied, or is not wanted: it leaves the memory of this window. */
  putAway(): void {
    this.added = null;
  }

  ask(name: string | null): void {
    this.problem = null;
    this.asked = name;
  }

  async remove(): Promise<void> {
    const { asked } = this;
    if (asked === null) return;
    await this.#act('remove', async () => {
      await this.#app.api.clients.remove({ name: asked });
      if (this.added?.name === asked) this.added = null;
      this.#app.announce('clients', text.clients.removed(asked));
    });
    this.asked = null;
  }

  async #act(busy: 'add' | 'remove', act: () => Promise<void>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = busy;
    this.problem = null;
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
    }
    await this.list.refresh();
    this.busy = null;
  }
}
