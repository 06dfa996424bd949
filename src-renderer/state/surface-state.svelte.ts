import type { Surface, SurfaceChange } from '../../src-shared/contract.ts';
import type { Mode } from '../../src-shared/modes.ts';
import { text } from '../text.ts';
import { Acts } from './acts.svelte.ts';
import type { AppState } from './app-state.svelte.ts';
import { createUndoOffer } from './undo-offer.ts';

/** What clients are shown, as the Tools and the Settings view change it. */
export class SurfaceState extends Acts {
  /** A change that can be taken back, and what takes it back. */
  changed = $state.raw<{ readonly said: string; readonly back: SurfaceChange } | null>(null);
  /** What was chosen and is being written: choices show it already. */
  pending = $state.raw<SurfaceChange>({});
  readonly mode: Mode | null = $derived.by(() => this.pending.mode ?? this.#app.surface.value?.mode ?? null);
  readonly alwaysOn: readonly string[] = $derived.by(
    () => this.pending.alwaysOn ?? this.#app.surface.value?.alwaysOn ?? [],
  );
  readonly offer = createUndoOffer(() => {
    this.changed = null;
  });
  readonly #app: AppState;
  #writing = 0;

  constructor(app: AppState) {
    super();
    this.#app = app;
  }

  async setMode(mode: Mode): Promise<void> {
    await this.#change({ mode }, text.surface.nowMode(text.surface.modes[mode]));
  }

  async setBudget(budget: number): Promise<void> {
    await this.#change({ budget }, text.surface.nowBudget(budget));
  }

  /** Whether an account is shown in Hybrid beside the default of its connector. */
  async setAlwaysOn(id: string, isOn: boolean): Promise<void> {
    const others = this.alwaysOn.filter((pin) => !isPin(pin, id));
    const alwaysOn = isOn ? [...others, id] : others;
    await this.#change({ alwaysOn }, isOn ? text.surface.nowPinned(id) : text.surface.nowUnpinned(id));
  }

  async undo(): Promise<void> {
    const { changed } = this;
    if (!changed) return;
    this.offer.end();
    await this.#write(changed.back);
  }

  async openConfig(): Promise<void> {
    await this.act(async () => {
      await this.#app.api.app.openConfig({});
    });
  }

  async #change(change: SurfaceChange, said: string): Promise<void> {
    const before = this.#app.surface.value;
    if (!before) return;
    const back = formerly(before, change);
    if (JSON.stringify(back) === JSON.stringify(change)) return;
    this.offer.end();
    if (!(await this.#write(change))) return;
    this.changed = { said, back };
    this.offer.begin();
    this.#app.announce('surface', said);
  }

  /** Whether it was taken. */
  async #write(change: SurfaceChange): Promise<boolean> {
    this.pending = { ...this.pending, ...change };
    this.#writing += 1;
    const isDone = await this.act(async () => {
      this.#app.surface.value = await this.#app.api.surface.set(change);
    });
    this.#writing -= 1;
    // The last one chosen is shown until it is written, also while an earlier one still is.
    if (this.#writing === 0) this.pending = {};
    return isDone;
  }
}

/** Pins are written in any case. */
export function isPin(pin: string, id: string): boolean {
  return pin.trim().toLowerCase() === id.toLowerCase();
}

/** Of what changes, how it was. */
function formerly({ mode, budget, alwaysOn }: Surface, change: SurfaceChange): SurfaceChange {
  return {
    ...(change.mode !== undefined && { mode }),
    ...(change.budget !== undefined && { budget }),
    ...(change.alwaysOn !== undefined && { alwaysOn }),
  };
}
