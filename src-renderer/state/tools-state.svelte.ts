import type { ExposedTool } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { FoundTools } from '../../src-shared/found-tools.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { Resource } from './resource.svelte.ts';
import { readDefinition, type ToolDefinition } from './tool-definition.ts';
import { allRows, filteredRows, rankedRows, type ToolRow } from './tool-list.ts';

/** A pause in the typing: each search is a call on the record. */
const pauseMs = 200;
/** The most a client may ask for. */
const maxHits = 50;

/** What the search said, and to what. */
interface Searched {
  readonly intent: string;
  readonly found: FoundTools;
}

export interface ToolList {
  readonly tools: readonly ExposedTool[];
  /** Profiles that never said what they have. */
  readonly missing: readonly string[];
}

/** The Tools view: the tools of all profiles, and the one that is looked at. */
export class ToolsState {
  selected = $state<string | null>(null);
  /** The chosen tool has the room of the list where there is no room for both. */
  isOpen = $state(false);
  isListing = $state(false);
  readonly list: Resource<ToolList>;
  readonly definition: Resource<ToolDefinition | null>;
  /** What a client would be told that looks for the same. */
  readonly search: Resource<Searched | null>;
  readonly found: readonly ToolRow[] = $derived.by(() => this.#rows());
  /** The search answered what is asked for now. */
  readonly isRanked: boolean = $derived.by(() => this.#answer !== null);
  readonly tool: ExposedTool | null = $derived.by(
    () => this.list.value?.tools.find(({ name }) => name === this.selected) ?? null,
  );
  readonly #app: AppState;
  readonly #answer: Searched | null = $derived.by(() => {
    const { value } = this.search;
    return value?.intent === this.#intent ? value : null;
  });
  /** Nobody waits for the slow ones any more; what they say later still comes in. */
  stopListing: () => void = () => {};
  #find = $state('');
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(app: AppState) {
    this.#app = app;
    this.list = new Resource(() => app.api.tools.list({ wait: false }));
    this.definition = new Resource(async () => {
      if (this.selected === null) return null;
      const { definition } = await app.api.tools.describe({ name: this.selected });
      return readDefinition(definition);
    });
    this.search = new Resource(async () => {
      const intent = this.#intent;
      if (intent === '') return null;
      return { intent, found: await app.api.tools.find({ intent, limit: maxHits, wait: false }) };
    });
  }

  get #intent(): string {
    return this.#find.trim().slice(0, 4_000);
  }

  get find(): string {
    return this.#find;
  }
  set find(find: string) {
    this.#find = find;
    clearTimeout(this.#pause);
    if (find.trim() === '') this.search.clear();
    else this.#pause = setTimeout(() => void this.search.refresh(), pauseMs);
  }

  /** The view is on screen: from here on its list is kept fresh. */
  open(): void {
    void this.refresh();
  }

  async refresh(): Promise<void> {
    const isSearching = this.find.trim() !== '';
    await Promise.all([this.list.refresh(), isSearching && this.search.refresh()]);
    if (this.selected === null) return;
    if (this.tool) await this.definition.refresh();
    else this.select(null);
  }

  /** Starts the profiles that were never listed, and waits for them. */
  async listMissing(): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    this.stopListing = () => stopped.resolve();
    this.isListing = true;
    // What fails of it is still missing afterwards, and Status says why.
    const listed = this.#app.api.tools.list({}).catch(() => {});
    await Promise.race([listed, stopped.promise]);
    await this.refresh();
    this.isListing = false;
  }

  select(name: string | null): void {
    if (name === null) this.isOpen = false;
    if (name === this.selected) return;
    this.selected = name;
    this.definition.clear();
    if (name !== null) void this.definition.refresh();
  }

  async copy(name: string): Promise<void> {
    const { api, announce, surfaceView } = this.#app;
    try {
      await api.app.copy({ text: name });
      announce('copy', text.app.copied);
    } catch (error) {
      // Told in the place of this view where problems are told.
      surfaceView.problem = toNucleusError(error);
      surfaceView.again = () => this.copy(name);
    }
  }

  /** Until the search answers, and where it does not, words have to do; where they find nothing yet, all stay. */
  #rows(): readonly ToolRow[] {
    const tools = this.list.value?.tools ?? [];
    if (this.find.trim() === '') return allRows(tools);
    if (this.#answer) return rankedRows(tools, this.#answer.found);
    const rows = filteredRows(tools, this.find);
    return rows.length > 0 || this.search.problem ? rows : allRows(tools);
  }
}
