export type SplitCommand =
  | { readonly words: readonly string[]; readonly problem: null }
  | { readonly words: null; readonly problem: string };

/**
 * Splits a command line into the words a POSIX shell would make of it: quotes and backslashes only. Nothing is
 * expanded, and what only a shell could do (pipes, `&&`, `$NAME`) is refused with a sentence, because no shell runs it.
 */
export function splitCommandLine(line: string): SplitCommand {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    const following = line.charAt(index + 1);
    if (quote === "'") {
      if (char === "'") quote = null;
      else word += char;
    } else if (char === '\\' && (quote === null || '"\\$`'.includes(following))) {
      if (following === '') return refuse('It ends with a backslash that has nothing to protect.');
      word = (word ?? '') + following;
      index += 1;
    } else if (quote === '"') {
      if (char === '"') quote = null;
      else if (char === '`' || (char === '$' && /[\w({]/.test(following))) return noShell(char);
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if ('|&;<>`'.includes(char) || (char === '$' && /[\w({]/.test(following))) {
      return noShell(char);
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== null) return refuse(`A quotation mark ${quote} is opened and never closed.`);
  if (word !== null) words.push(word);
  return { words, problem: null };
}

function noShell(char: string): SplitCommand {
  return refuse(
    `No shell runs this, so ${char} has no meaning here. Put it in single quotes or leave it out.`,
  );
}

function refuse(problem: string): SplitCommand {
  return { words: null, problem };
}
