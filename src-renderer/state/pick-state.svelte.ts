import type { Choice, Profile } from '../../src-shared/model.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { AppState } from './app-state.svelte.ts';
import { createLatest } from './latest.ts';

interface Choices {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly current: string | null;
  readonly maySkip: boolean;
}

/** More than this are searched. */
const findAbove = 8;

/** Choosing what a profile is limited to, as its own server lists it, one field after the other. */
export class PickState {
  readonly profile: Profile;
  find = $state('');
  chosen = $state<string | null>(null);
  /** Typed where its server lists nothing. */
  typed = $state('');
  isBusy = $state(false);
  at = $state(0);
  found = $state.raw<Choices | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  readonly hasFind: boolean = $derived((this.found?.choices.length ?? 0) > findAbove);
  readonly shown: readonly Choice[] = $derived.by(() => {
    const words = this.hasFind ? this.find.toLowerCase().split(/\s+/).filter(Boolean) : [];
    return (this.found?.choices ?? []).filter(({ id, label, hint }) => {
      const all = `${id} ${label} ${hint}`.toLowerCase();
      return words.every((word) => all.includes(word));
    });
  });
  /** What would be used: the choice in sight, or what was typed; empty for nothing. */
  readonly value: string = $derived(
    this.found === null ? this.typed.trim() : (this.shown.find(({ id }) => id === this.chosen)?.id ?? ''),
  );
  /** Why its server cannot be asked; null when it can. */
  readonly whyNot: string | null = $derived.by(() => this.#app.lock.reason);
  readonly #app: AppState;
  readonly #fields: readonly string[];
  readonly #done: () => Promise<void>;
  readonly #latest: ReturnType<typeof createLatest<Choices>>;

  constructor(app: AppState, profile: Profile, fields: readonly string[], done: () => Promise<void>) {
    this.#app = app;
    this.profile = profile;
    this.#fields = fields;
    this.#done = done;
    this.#latest = createLatest({
      ask: () => app.api.profiles.choices({ id: profile.id, field: this.#field }),
      onValue: (found) => {
        this.found = found;
        this.problem = null;
        this.chosen = found.choices.some(({ id }) => id === found.current) ? found.current : null;
      },
      onError: (error) => {
        const problem = toNucleusError(error);
        // It depends on a field that was left open just now.
        if (problem.code === 'METADATA_INVALID') void this.skip();
        else this.problem = problem;
      },
    });
  }

  get #field(): string {
    return this.#fields[this.at] ?? '';
  }

  async ask(): Promise<void> {
    this.problem = null;
    await this.#latest.refresh();
  }

  /** The other profile that is limited to a choice already. */
  usedBy(choice: string): string | null {
    const { connector, id } = this.profile;
    const others = (this.#app.profiles.value ?? []).filter(
      (one) => one.connector === connector && one.id !== id,
    );
    return others.find(({ metadata }) => metadata[this.#field] === choice)?.id ?? null;
  }

  /** Limits the profile to what was chosen or typed. */
  async use(): Promise<void> {
    const { value } = this;
    if (value === '') return;
    await this.#act(async () => {
      // It is reached anew once, when all is chosen.
      await this.#app.api.profiles.pick({ id: this.profile.id, field: this.#field, value, connect: false });
      await this.#next();
    });
  }

  async skip(): Promise<void> {
    await this.#act(() => this.#next());
  }

  /** One field back; false at the first one. */
  back(): boolean {
    if (this.at === 0) return false;
    this.#go(this.at - 1);
    return true;
  }

  async #act(act: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
    } finally {
      this.isBusy = false;
    }
  }

  async #next(): Promise<void> {
    if (this.at + 1 >= this.#fields.length) return this.#done();
    this.#go(this.at + 1);
  }

  #go(at: number): void {
    this.#latest.drop();
    this.at = at;
    this.found = null;
    this.chosen = null;
    this.find = '';
    this.typed = '';
    void this.ask();
  }
}
