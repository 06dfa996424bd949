import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';

/** A person takes this long at most; no answer is a no. */
const patienceMs = 120_000;
/** Nobody reads a question and answers it in less. */
const tooFastMs = 400;
/** How often is looked for an answer. */
const lookMs = 50;
/** A terminal takes a few thousand characters at once; what it cannot take is not asked. */
const maxQuestion = 3_500;
const maxAnswer = 200;
/** Pieces typed before the question. There may be no end to them, and none that says so: some modes read nothing at once. */
const maxTyped = 100;

/** Asks whoever sits at a terminal; never rejects for what they answer. */
export interface Terminal {
  /** Whether they typed `word` and nothing else. Throws TERMINAL_UNUSABLE. */
  confirm(path: string, question: string, word: string, signal: AbortSignal): Promise<boolean>;
}

/**
 * The gateway opens the terminal itself, so that a yes comes out of the keyboard and never over the socket, where any
 * program could say it. What that is worth, docs/security.md says.
 */
export function createTerminal({ clock }: { readonly clock: Clock }): Terminal {
  let isAsking = false;
  return {
    async confirm(path, question, word, signal) {
      if (question.length > maxQuestion)
        throw unusable('there is more to read than fits a terminal; open the app to answer');
      if (isAsking) throw unusable('another question is open on a terminal; answer that one first');
      const terminal = open(path);
      isAsking = true;
      try {
        // What was typed before the question is no answer to it.
        for (let reads = 0; reads < maxTyped && read(terminal); reads++);
        write(terminal, question);
        const askedAt = clock.now();
        const answer = await readLine(terminal, signal, askedAt + patienceMs);
        return answer?.trim() === word && clock.now() - askedAt >= tooFastMs;
      } finally {
        isAsking = false;
        closeSync(terminal);
      }
    },
  };

  async function readLine(terminal: number, signal: AbortSignal, deadline: number): Promise<string | null> {
    let text = '';
    while (!signal.aborted && clock.now() < deadline && text.length <= maxAnswer) {
      const piece = read(terminal);
      if (piece === '') return null;
      if (piece !== null) text += piece;
      if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
      if (piece === null) await new Promise<void>((resolve) => void clock.after(lookMs, resolve));
    }
    return null;
  }
}

function open(path: string): number {
  // Nothing else is opened: to open some devices is to act on them.
  if (!/^\/dev\/(pts\/\d{1,7}|tty[A-Za-z]{0,3}\d{1,6})$/.test(path))
    throw unusable('this is no terminal Nucleus knows; open the app to answer');
  let terminal: number | null = null;
  try {
    if (!lstatSync(path).isCharacterDevice()) throw unusable(`${path} is no terminal`);
    terminal = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    if (fstatSync(terminal).uid !== process.getuid?.()) throw unusable(`${path} belongs to another user`);
    if (!isatty(terminal)) throw unusable(`${path} is no terminal`);
    return terminal;
  } catch (error) {
    if (terminal !== null) closeSync(terminal);
    if (error instanceof NucleusError) throw error;
    throw unusable(`${path} cannot be opened (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** What was typed; null when nothing was, empty when the terminal is gone. */
function read(terminal: number): string | null {
  const buffer = Buffer.alloc(1_024);
  try {
    return buffer.toString('utf8', 0, readSync(terminal, buffer));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? null : '';
  }
}

function write(terminal: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    if (writeSync(terminal, bytes) === bytes.length) return;
  } catch (error) {
    throw unusable(`the terminal takes no question (${(error as NodeJS.ErrnoException).code})`);
  }
  throw unusable('the terminal took half of the question; make it scroll and ask again');
}

function unusable(sentence: string): NucleusError {
  return new NucleusError('TERMINAL_UNUSABLE', sentence);
}
