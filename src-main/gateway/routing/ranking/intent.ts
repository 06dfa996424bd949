import { stem } from './stem.ts';
import { isStopWord, splitWords } from './words.ts';

/** One word of an intent that may be looked for. */
export interface Wanted {
  readonly stem: string;
  /** As it was written, in lower case. */
  readonly word: string;
  weight: number;
  /** One bit for each clause the word stands in. */
  clauses: number;
}

export interface Intent {
  readonly wanted: readonly Wanted[];
  /** Stems that stand side by side in the text. */
  readonly pairs: readonly (readonly [string, string])[];
  /** How many clauses the text was split into; 1 when it is one thing that is asked for. */
  readonly clauses: number;
}

export const intentTuning = { value: 0.35, chatter: 0.3, qtfCap: 1 };

/** What is read of an intent; one that is longer is a document, and its beginning says what is wanted. */
const maxLength = 4_000;
const maxClauses = 12;
const minClauseWords = 4;

/** Where one request ends and the next begins. */
const clauseEnd =
  /(?<=[.?!;\n])\s+|\b(?:additionally|also|then|finally|lastly|next|afterwards?|furthermore|moreover|plus|besides|as well as|secondly|thirdly)\b,?\s*|,\s+and\s+/i;

/** What stands in quotes, an address, a path or a number is a value for a tool, not what the tool is. */
const value = /"[^"\n]{1,200}"|“[^”\n]{1,200}”|(?<![\p{L}\p{N}])'[^'\n]{1,80}'(?![\p{L}\p{N}])|https?:\/\/\S+|\S+@\S+\.\S+|(?<!\S)[~/][\w./-]+|\b\S*\d\S*/gu;

/** Reads what is wanted out of a sentence. */
export function readIntent(text: string): Intent {
  const parts = splitClauses(text.slice(0, maxLength));
  const wanted = new Map<string, Wanted>();
  const counts = new Map<string, number>();
  const pairs: [string, string][] = [];
  parts.forEach((part, index) => {
    const bit = 1 << index;
    let last = '';
    const take = (piece: string, weight: number): void => {
      for (const word of splitWords(piece)) {
        if (isStopWord(word)) continue;
        const root = stem(word);
        const own = weight * (chatter.has(word) ? intentTuning.chatter : 1);
        const known = wanted.get(root);
        if (known) {
          known.clauses |= bit;
          const times = (counts.get(root) ?? 1) + 1;
          counts.set(root, times);
          if (times <= intentTuning.qtfCap) known.weight += own;
        } else wanted.set(root, { stem: root, word, weight: own, clauses: bit });
        if (last !== '') pairs.push([last, root]);
        last = root;
      }
    };
    let from = 0;
    for (const match of part.matchAll(value)) {
      take(part.slice(from, match.index), 1);
      take(match[0], intentTuning.value);
      from = match.index + match[0].length;
    }
    take(part.slice(from), 1);
  });
  return { wanted: [...wanted.values()], pairs, clauses: parts.length };
}

function splitClauses(text: string): string[] {
  const parts: string[] = [];
  for (const part of text.split(clauseEnd)) {
    const clause = part.trim();
    if (clause === '') continue;
    // What is too short to be a request of its own belongs to the one before it.
    if (parts.length > 0 && (clause.split(/\s+/, minClauseWords).length < minClauseWords || parts.length >= maxClauses))
      parts[parts.length - 1] += ` ${clause}`;
    else parts.push(clause);
  }
  return parts;
}

/** Words of the asking, not of what is asked for. They may be part of a tool's name, so they count a little. */
const chatter = new Set(
  (
    'want wants wanted looking look interested curious wondering wonder planning trying going thinking hoping able ' +
    'assist assistance thanks thank hello hi hey sure okay ok great good really actually currently now today tomorrow ' +
    'tonight yesterday recently soon first second third firstly next last lastly finally additionally moreover ' +
    'furthermore since because while during within without between among across after before another other others ' +
    'several many much few every each all both own same different specific particular certain possible currently ' +
    'something anything someone anyone everything thing things way ways sort kind lot bit one two three ' +
    'make makes take takes taking give giving given got getting say says said see seen come comes go goes ' +
    'friend friends family company team weekend week month ' +
    'include including includes based according related regarding following etc per such only even still too ' +
    'could might must shall ensure mention suggest'
  ).split(' '),
);
