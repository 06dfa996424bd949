import { NucleusError } from '../../src-shared/errors.ts';

/** Parses JSON a person typed. The failure names the place and never quotes the text: it may hold a secret. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const before = text.slice(0, failurePosition(text));
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `${what} is not valid JSON at position ${before.length} (line ${line}, column ${column})`,
      { position: before.length },
    );
  }
}

/** Where no continuation could make it JSON any more. V8 does not always say, so it is found by halving. */
function failurePosition(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (couldContinue(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldContinue(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const message = (error as Error).message;
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position !== undefined) return Number(position) >= prefix.length;
    return !message.includes('is not valid JSON');
  }
}
