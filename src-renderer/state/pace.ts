/**
 * Runs something soon after it is called for, at most once in so many milliseconds, and for no more than a fifth of
 * the time; what is called for meanwhile is done once, after that.
 */
export function createPace(gapMs: number, run: () => Promise<void>): () => void {
  let isRunning = false;
  let isDue = false;
  let notBefore = 0;

  function start(): void {
    isRunning = true;
    setTimeout(
      async () => {
        isDue = false;
        const began = Date.now();
        await run();
        const ended = Date.now();
        notBefore = Math.max(began + gapMs, ended + 4 * (ended - began));
        isRunning = false;
        if (isDue) start();
      },
      Math.max(0, notBefore - Date.now()),
    );
  }

  return () => {
    isDue = true;
    if (!isRunning) start();
  };
}
