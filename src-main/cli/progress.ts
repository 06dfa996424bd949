import type { Context } from './context.ts';

/** Shorter work says nothing: a line that flashes is worse than none. */
const patience = 300;

/** Shows what is being done on a terminal's stderr while it is, when it takes longer than a moment. */
export async function withProgress<T>(context: Context, text: string, work: Promise<T>): Promise<T> {
  const progress = startProgress(context, text);
  try {
    return await work;
  } finally {
    progress.end();
  }
}

/** The same for work that says itself what it is doing. */
export function startProgress(context: Context, text: string): { say(text: string): void; end(): void } {
  const { stderr } = context;
  if (!stderr.isTTY || context.json) return { say: () => undefined, end: () => undefined };
  let current = text;
  let isShown = false;
  const show = (): void => {
    isShown = true;
    stderr.write(`\r\u001b[2K${current.slice(0, Math.max(20, (stderr.columns ?? 80) - 1))}`);
  };
  const timer = setTimeout(show, patience);
  return {
    say(next) {
      current = next;
      if (isShown) show();
    },
    end() {
      clearTimeout(timer);
      if (isShown) stderr.write('\r\u001b[2K');
      isShown = false;
    },
  };
}
