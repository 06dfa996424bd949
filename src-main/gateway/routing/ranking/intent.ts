import { stem } from './stem.ts';
import { isStopWord, splitWords } from './words.ts';

/** One word of an intent that is looked for. */
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
  /** Stems that follow each other in the text. */
  readonly pairs: readonly (readonly [string, string])[];
  /** How many requests the text seems to hold. */
  readonly clauses: number;
}

/** What is read of an intent: of one that is longer, its beginning and its end. */
const maxLength = 4_000;
const maxEnd = 1_000;
const maxWanted = 150;
const maxClauses = 12;
const minClauseWords = 4;
/** A chunk without spaces that is longer than this is data. */
const maxChunk = 200;
const longChunk = new RegExp(`\\S{${maxChunk},}`, 'g');
const maxQuotedChunks = 12;

/** A value for a tool says less about which tool than the words around it. */
const valueWeight = 0.35;
const chatterWeight = 0.3;

/** An intent without the data somebody pasted into it, and not longer than what is read. */
export function shorten(text: string): string {
  const plain = text.length <= maxChunk ? text : text.replace(longChunk, ' ');
  return plain.length <= maxLength ? plain : `${plain.slice(0, maxLength - maxEnd)} ${plain.slice(-maxEnd)}`;
}

/** Reads out of a sentence what is wanted, each word once. */
export function readIntent(text: string): Intent {
  const clauses = splitClauses(text);
  const wanted = new Map<string, Wanted>();
  const pairs: [string, string][] = [];
  clauses.forEach((clause, index) => {
    let last: string | null = null;
    for (const { chunk, isValue } of readChunks(clause)) {
      for (const word of splitWords(chunk)) {
        if (isStopWord(word) || wanted.size >= maxWanted) continue;
        const root = stem(word);
        const known = wanted.get(root);
        if (known) known.clauses |= 1 << index;
        else {
          const weight = (isValue ? valueWeight : 1) * (chatter.has(word) ? chatterWeight : 1);
          wanted.set(root, { stem: root, word, weight, clauses: 1 << index });
        }
        if (last !== null) pairs.push([last, root]);
        last = root;
      }
    }
  });
  return { wanted: [...wanted.values()], pairs, clauses: clauses.length };
}

/** Where one request ends and the next begins. */
const clauseEnd =
  /(?<=[.?!;\n])\s+|\b(?:additionally|also|then|finally|lastly|next|afterwards?|furthermore|moreover|plus|besides|as well as|secondly|thirdly)\b,?\s*|,\s+and\s+/i;

function splitClauses(text: string): string[] {
  const clauses: string[] = [];
  for (const part of text.split(clauseEnd)) {
    const clause = part.trim();
    if (clause === '') continue;
    const isShort = clause.split(/\s+/, minClauseWords).length < minClauseWords;
    // What is too short to be a request of its own belongs to the one before it.
    if (clauses.length > 0 && (isShort || clauses.length >= maxClauses))
      clauses[clauses.length - 1] += ` ${clause}`;
    else clauses.push(clause);
  }
  return clauses;
}

/** Splits at spaces and marks values: what stands in quotes, addresses, paths, everything with a digit. */
function readChunks(clause: string): { chunk: string; isValue: boolean }[] {
  const chunks = clause.split(/\s+/);
  let quotedTo = -1;
  return chunks.map((chunk, at) => {
    if (at > quotedTo && /^[("[]*["'“`]/.test(chunk)) {
      const end = chunks
        .slice(at, at + maxQuotedChunks)
        .findIndex((other) => /["'”`][)\]]*[.,;:!?]*$/.test(other));
      if (end >= 0) quotedTo = at + end;
    }
    const isValue = at <= quotedTo || /\d|^[~/]|:\/\/|\S@\S/.test(chunk);
    return { chunk, isValue };
  });
}

/** Words of the asking, not of what is asked for. They may be part of a tool's name, so they count a little. */
const chatter = new Set(
  (
    'want wants wanted looking look interested curious wondering wonder planning trying going thinking hoping able ' +
    'assist assistance thanks thank hello hi hey sure okay ok great good really actually currently now today tomorrow ' +
    'tonight yesterday recently soon first second third firstly next last lastly finally additionally moreover ' +
    'furthermore since because while during within without between among across after before another other others ' +
    'several many much few every each all both own same different specific particular certain possible ' +
    'something anything someone anyone everything thing things way ways sort kind lot bit one two three ' +
    'make makes take takes taking give giving given got getting say says said see seen come comes go goes ' +
    'friend friends family company team weekend week month include including includes based according related regarding ' +
    'following etc per only even still too ensure mention suggest appreciate greatly kindly would ' +
    'wow detailed various providing provided'
  ).split(' '),
);
