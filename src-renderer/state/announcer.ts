/**
 * What a polite live region is told: at most one message a second, the newest of each subject. Empty text withdraws
 * what was not said yet.
 */
export function createAnnouncer(deps: {
  say(text: string): void;
  /** Calls back once after so many milliseconds. */
  after(milliseconds: number, run: () => void): void;
}): (subject: string, text: string) => void {
  const waiting = new Map<string, string>();
  let isResting = false;

  function flush(): void {
    isResting = false;
    if (waiting.size === 0) return;
    deps.say([...waiting.values()].join(' '));
    waiting.clear();
    isResting = true;
    deps.after(1_000, flush);
  }

  return (subject, text) => {
    waiting.delete(subject);
    if (text !== '') waiting.set(subject, text);
    if (!isResting) flush();
  };
}
