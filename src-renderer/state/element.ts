/**
 * Two letters per connector, as in a periodic table: the first two of its name; on a clash the first and the first
 * later consonant that differs. Earlier names keep theirs.
 */
export function elementLetters(titles: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const letters = new Map<string, string>();
  for (const [name, title] of titles) {
    const mine = candidates(title).find((pair) => !taken.has(pair)) ?? twoOf(title);
    taken.add(mine);
    letters.set(name, mine);
  }
  return letters;
}

function candidates(title: string): string[] {
  const clean = lettersOf(title);
  const first = clean.charAt(0);
  const later = Array.from(clean.slice(1));
  const consonants = later.filter((letter) => !/[aeiou]/i.test(letter));
  return [twoOf(title), ...[...consonants, ...later].map((letter) => pair(first, letter))];
}

function twoOf(title: string): string {
  const clean = lettersOf(title);
  return pair(clean.charAt(0) || '?', clean.charAt(1));
}

function pair(first: string, second: string): string {
  return first.toUpperCase() + second.toLowerCase();
}

function lettersOf(title: string): string {
  return title.replace(/[^\p{L}\p{N}]/gu, '');
}
