import type { Context } from './context.ts';

/** Asks a person, or the lines of a pipe, one question after the other. `null` is the end of the input. */
export interface Prompter {
  ask(question: string): Promise<string | null>;
  /** On a terminal what is typed is not shown. */
  askHidden(question: string): Promise<string | null>;
  close(): void;
}

/** One reader for all questions, so that several lines that came in one chunk answer several of them. */
export function createPrompter({
  stdin,
  stderr,
  interrupt: end,
}: Pick<Context, 'stdin' | 'stderr' | 'interrupt'>): Prompter {
  let text = '';
  let isEnded = false;
  let isListening = false;
  let wake: () => void = () => undefined;

  const onData = (chunk: string): void => {
    text += chunk;
    wake();
  };
  const onEnd = (): void => {
    isEnded = true;
    wake();
  };
  const listen = (): void => {
    if (isListening) return;
    isListening = true;
    stdin.setEncoding('utf8');
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
  };
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      stdin.resume();
    });

  const readLine = async (): Promise<string | null> => {
    for (;;) {
      const line = takeLine();
      if (line !== null) return line;
      if (isEnded) return takeRest();
      await more();
    }
  };
  const takeLine = (): string | null => {
    // A terminal in raw mode ends lines with CR; a lone CR at the end of a chunk may be the half of CR LF.
    const end = /\r\n|\n|\r(?!$)/.exec(text) ?? (stdin.isRaw ? /\r/.exec(text) : null);
    if (end === null) return null;
    const line = text.slice(0, end.index);
    text = text.slice(end.index + end[0].length);
    return line;
  };
  const takeRest = (): string | null => {
    const rest = text.replace(/\r$/, '');
    text = '';
    return rest === '' ? null : rest;
  };

  /** Raw mode gives us every key, so editing and Ctrl-C are ours to do. */
  const readHidden = async (): Promise<string | null> => {
    let line = '';
    for (;;) {
      const code = text.codePointAt(0);
      if (code === undefined) {
        if (isEnded) return line === '' ? null : line;
        await more();
        continue;
      }
      const key = String.fromCodePoint(code);
      text = text.slice(key.length);
      if (key === '\r' || key === '\n') return line;
      if (key === '\u0003') interrupt();
      else if (key === '\u0004' && line === '') return null;
      else if (key === '\u0015') line = '';
      else if (key === '\u007f' || key === '\b') line = [...line].slice(0, -1).join('');
      else if (key === '\u001b') text = text.replace(/^(\[[0-?]*[ -/]*[@-~]|O.)/, '');
      else if (key >= ' ') line += key;
    }
  };
  const interrupt = (): void => {
    stdin.setRawMode?.(false);
    stderr.write('\n');
    end();
  };

  const ask = async (question: string): Promise<string | null> => {
    listen();
    stderr.write(question);
    const line = await readLine();
    // A pipe echoes nothing, so the next words would stand behind the question.
    if (!stdin.isTTY && question !== '') stderr.write('\n');
    return line;
  };

  return {
    ask,
    async askHidden(question) {
      if (!stdin.isTTY) return ask(question);
      listen();
      // Before the question: whoever sees it may type.
      stdin.setRawMode?.(true);
      stderr.write(question);
      try {
        return await readHidden();
      } finally {
        stdin.setRawMode?.(false);
        stderr.write('\n');
      }
    },
    close() {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
      stdin.pause();
    },
  };
}
