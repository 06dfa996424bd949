import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { createLatest } from './latest.ts';

/** Old facts stay in sight while new ones are asked for; only when there are none, and not at once, a skeleton shows. */
const slowMs = 150;

/** One answer of the gateway, kept fresh. */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  /** Why the last question failed; the value then is the one from before. */
  problem = $state.raw<NucleusError | null>(null);
  /** Nothing is known yet and that begins to be felt. */
  isSlow = $state(false);
  readonly #latest: ReturnType<typeof createLatest<T>>;

  constructor(ask: () => Promise<T>) {
    this.#latest = createLatest({
      ask,
      onValue: (value) => {
        this.value = value;
        this.problem = null;
      },
      onError: (error) => {
        this.problem = toNucleusError(error);
      },
    });
  }

  async refresh(): Promise<void> {
    const slow =
      this.value === null
        ? setTimeout(() => {
            this.isSlow = this.value === null;
          }, slowMs)
        : undefined;
    try {
      await this.#latest.refresh();
    } finally {
      clearTimeout(slow);
      this.isSlow = false;
    }
  }

  /** Forgets what it knows, the answer under way included: it is about something else from now on. */
  clear(): void {
    this.#latest.drop();
    this.value = null;
    this.problem = null;
  }
}
