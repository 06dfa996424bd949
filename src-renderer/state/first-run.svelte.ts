import { AddState } from './add-state.svelte.ts';
import type { AppState, View } from './app-state.svelte.ts';
import type { Outcome } from './outcome.ts';

/** The welcome page: three steps, each closes itself when its fact is there. It shows when there is no profile yet. */
export class FirstRunState {
  /** Left, finished, or never begun because there were profiles. */
  isOver = $state(false);
  hasBegun = $state(false);
  outcome = $state.raw<Outcome | null>(null);
  /** The form of step 1. */
  adding = $state.raw<AddState | null>(null);
  readonly hasProfile: boolean = $derived.by(() => (this.#app.profiles.value?.length ?? 0) > 0);
  readonly hasHost: boolean = $derived.by(() => {
    const hosts = this.#app.hosts.value ?? [];
    const isNoneHere = hosts.length > 0 && hosts.every(({ state }) => state === 'not-installed');
    return isNoneHere || hosts.some(({ state }) => state === 'connected');
  });
  readonly client: string | null = $derived.by(() => this.#app.status.value?.clients[0]?.name ?? null);
  readonly done: number = $derived(
    [this.hasProfile, this.hasHost, this.hasProfile && this.client !== null].filter(Boolean).length,
  );
  readonly isShown: boolean = $derived.by(
    () =>
      !this.isOver &&
      (this.hasBegun || (this.#app.profiles.value !== null && this.#app.profiles.value.length === 0)),
  );
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
  }

  /** Called when the page shows: from then on it stays until it is left. */
  async begin(): Promise<void> {
    this.hasBegun = true;
    if (this.hasProfile) return;
    const { imports } = this.#app;
    await imports.look();
    // What is there already comes first; the gallery is one press away then.
    if (!imports.hasOffer && !this.hasProfile && !this.adding) this.addAnother();
  }

  addAnother(): void {
    this.adding = new AddState(this.#app, async (_id, outcome) => {
      this.outcome = outcome;
      this.adding = null;
      await Promise.all([this.#app.refresh('profiles'), this.#app.refresh('status')]);
    });
  }

  /** Something that cannot wait takes the place of the welcome. */
  leaveFor(view: View): void {
    if (this.isShown) this.#app.show(view);
  }
}
