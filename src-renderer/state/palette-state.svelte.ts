import type { ExposedTool } from '../../src-shared/contract.ts';
import { Acts } from './acts.svelte.ts';
import type { AppState } from './app-state.svelte.ts';
import { paletteCommands, type PaletteCommand } from './palette-commands.ts';
import { findHits, soughtOf, type PaletteHit } from './palette-hits.ts';
import { Resource } from './resource.svelte.ts';
import { nextIndex } from './roving.ts';

/** The palette: what is typed, what fits it, and which hit Enter would take. */
export class PaletteState extends Acts {
  isOpen = $state(false);
  isShowingKeys = $state(false);
  /** The place of the hit that Enter takes. */
  index = $state(0);
  readonly hits: readonly PaletteHit[] = $derived.by(() => findHits(this.#query, this.#all));
  readonly chosen: PaletteHit | null = $derived(this.hits[this.index] ?? null);
  readonly #app: AppState;
  #query = $state('');
  readonly #tools: Resource<readonly ExposedTool[]>;
  readonly #commands: readonly PaletteCommand[] = $derived.by(() =>
    // Shut it costs nothing when a fact changes.
    this.isOpen ? paletteCommands(this.#app, () => (this.isShowingKeys = true)) : [],
  );
  readonly #toolHits = $derived.by(() =>
    (this.#tools.value ?? []).map(({ name, profile }) =>
      soughtOf({
        kind: 'tool',
        id: `tool ${name}`,
        label: name,
        hint: profile,
        profile,
        env: this.#app.envOf(profile),
      }),
    ),
  );
  readonly #all = $derived.by(() => [
    ...this.#commands.map(({ hit }) => soughtOf(hit)),
    ...(this.isOpen ? this.#toolHits : []),
  ]);

  constructor(app: AppState) {
    super();
    this.#app = app;
    this.#tools = new Resource(async () => (await app.api.tools.list({ wait: false })).tools);
  }

  get query(): string {
    return this.#query;
  }
  set query(query: string) {
    this.#query = query;
    this.index = 0;
  }

  open(): void {
    this.query = '';
    this.problem = null;
    this.isOpen = true;
    void this.#tools.refresh();
  }

  close(): void {
    this.isOpen = false;
  }

  /** The key that opened it again; false where it is not open. */
  shut(): boolean {
    const wasOpen = this.isOpen;
    this.close();
    return wasOpen;
  }

  /** Up from the first goes to the last, and down from the last to the first. */
  walk(key: string): boolean {
    const { length } = this.hits;
    if (key === 'ArrowUp' && this.index === 0) this.index = Math.max(0, length - 1);
    else if (key === 'ArrowDown' && this.index === length - 1) this.index = 0;
    else {
      // Home and End belong to the text that is typed.
      const next = key.startsWith('Arrow') ? nextIndex(key, this.index, length) : null;
      if (next === null) return false;
      this.index = next;
    }
    return true;
  }

  /** Does what a hit stands for, after the palette closed. */
  async take(hit: PaletteHit): Promise<void> {
    const command = this.#commands.find((one) => one.hit.id === hit.id);
    this.close();
    await this.act(() => (command ? command.run() : this.#openTool(hit.label)));
  }

  #openTool(name: string): void {
    const { toolsView } = this.#app;
    this.#app.show('tools');
    toolsView.find = '';
    toolsView.select(name);
    toolsView.isOpen = true;
  }
}
