/**
 * Keeps one answer fresh: one question at a time, however often `refresh` is called, and one more after it when it was
 * called meanwhile. Answers so never overtake each other. `drop` makes what is still under way count for nothing.
 */
export function createLatest<T>(deps: {
  ask(): Promise<T>;
  onValue(value: T): void;
  onError(error: unknown): void;
}): { refresh(): Promise<void>; drop(): void } {
  let round = 0;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  async function run(): Promise<void> {
    const mine = round;
    try {
      const value = await deps.ask();
      if (mine === round) deps.onValue(value);
    } catch (error) {
      if (mine === round) deps.onError(error);
    }
  }

  function start(): Promise<void> {
    const mine = run().finally(() => {
      if (running === mine) running = null;
    });
    running = mine;
    return mine;
  }

  return {
    refresh() {
      if (!running) return start();
      next ??= running.then(() => {
        next = null;
        return start();
      });
      return next;
    },
    drop() {
      round += 1;
      running = null;
      next = null;
    },
  };
}
