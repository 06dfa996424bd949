/** Stems seen lately; an intent asks for the same few words again and again. */
const known = new Map<string, string>();
const maxKnown = 20_000;

const shortPlurals = new Map([
  ['ids', 'id'],
  ['prs', 'pr'],
  ['dbs', 'db'],
  ['vms', 'vm'],
  ['ads', 'ad'],
]);

/** What a word has in common with its other forms: "queries", "querying" and "query" are one. Latin letters only. */
export function stem(word: string): string {
  if (word.length < 4) return shortPlurals.get(word) ?? word;
  const seen = known.get(word);
  if (seen !== undefined) return seen;
  const found = /^[a-z]+$/.test(word) ? reduce(word) : word;
  if (known.size >= maxKnown) known.clear();
  known.set(word, found);
  return found;
}

function reduce(word: string): string {
  let rest = singular(word);
  rest = withoutTense(rest);
  rest = withoutEnding(rest);
  // "analyse" and "analyze", "query" and "queri(es)": one last letter stands for both.
  if (rest.length > 3 && rest.endsWith('e')) rest = rest.slice(0, -1);
  if (rest.length > 2 && rest.endsWith('y') && !isVowel(rest, rest.length - 2))
    rest = `${rest.slice(0, -1)}i`;
  return rest;
}

function singular(word: string): string {
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/(?:ss|x|z|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (word.endsWith('s') && !/(?:ss|us|[^p]is)$/.test(word)) return word.slice(0, -1);
  return word;
}

function withoutTense(word: string): string {
  const ending = /(?:ing|ed)$/.exec(word)?.[0];
  if (ending === undefined || word.endsWith('eed')) return word;
  const rest = word.slice(0, -ending.length);
  if (rest.length < 2 || !/[aeiouy]/.test(rest)) return word;
  // "string" and "king" are no forms of a verb.
  if (ending === 'ing' && rest.length < 3) return word;
  if (/([bdfgmnprt])\1$/.test(rest)) return rest.slice(0, -1);
  return rest;
}

/** Longest first; what is left must be long enough to be a word of its own. */
const endings: readonly (readonly [ending: string, instead: string, least: number])[] = [
  ['ization', 'iz', 3],
  ['isation', 'iz', 3],
  ['fulness', '', 3],
  ['iveness', 'iv', 3],
  ['ication', 'y', 4],
  ['ation', 'at', 3],
  ['ement', '', 4],
  ['ition', 'it', 3],
  ['ators', 'at', 3],
  ['ator', 'at', 3],
  ['ment', '', 4],
  ['ness', '', 4],
  ['able', '', 4],
  ['ible', '', 4],
  ['ally', 'al', 3],
  ['ical', 'ic', 3],
  ['tion', 't', 4],
  ['sion', 's', 4],
  ['ize', 'iz', 3],
  ['ise', 'iz', 4],
  ['yse', 'yz', 3],
  ['ful', '', 4],
  ['ly', '', 4],
  ['er', '', 4],
  ['or', '', 4],
];

function withoutEnding(word: string): string {
  for (const [ending, instead, least] of endings) {
    if (word.endsWith(ending) && word.length - ending.length >= least)
      return word.slice(0, -ending.length) + instead;
  }
  return word;
}

function isVowel(word: string, at: number): boolean {
  return 'aeiou'.includes(word.charAt(at));
}
