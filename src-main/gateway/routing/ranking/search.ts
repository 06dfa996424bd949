import type { Intent } from './intent.ts';
import { relatedTo } from './related.ts';
import { isAlike } from './spelling.ts';
import { documentShift, fieldShift, type TextIndex } from './text-index.ts';

/*
 * BM25F: how often a word stands in each field, weighted, less in longer fields, saturated, times how rare the word is.
 * No number is fitted closely: half or twice of any one moves the macro recall of the benchmark by two points at most
 * (docs/ranking.md).
 */
const saturation = 1.2;
/** By field: name, title, connector, description, parameter, argument. */
const fieldWeight = [3, 2, 1.5, 1, 0.5, 0.6];
const lengthShare = [0.3, 0.3, 0, 0.5, 0.5, 0.5];
/** A word counts less when only a related one is there, or one that is spelled much like it. */
const relatedShare = 0.4;
const alikeShare = 0.5;
/** Two words of the intent that a tool writes as one: "time zone", timezone. */
const joinedShare = 0.5;
/** Of several words of a tool that stand for one of the intent, what the lesser ones add. */
const lesserShare = 0.25;
/** What the other tools of its connector add to a tool. */
const groupShare = 0.25;
/** What the request it fits best adds, in an intent of several. */
const clauseShare = 0.7;
/** What it adds that the intent has all words of a tool's name, and two of them side by side. */
const nameShare = 0.3;
const pairShare = 0.1;
/** So many of the best are looked at once more, with their names. */
const reviewed = 32;

export interface Hit {
  readonly document: number;
  readonly score: number;
}

export interface Hits {
  readonly hits: readonly Hit[];
  /** How many documents match at all. */
  readonly total: number;
  /** Terms that matched. */
  readonly matches: ReadonlyMap<number, Match>;
}

/** The word of the intent that a term stands for, and how much of it. */
export interface Match {
  readonly word: string;
  readonly share: number;
}

/** What speaks for or against documents beside their words. */
export interface Leanings {
  /** Multiplies the scores of a group; 0 leaves it out. */
  groupWeight?: ((group: number) => number) | undefined;
  /** Multiplies the score of one of the best. */
  weight?: ((document: number) => number) | undefined;
}

export interface Search {
  /** The documents that fit best, best first. */
  search(intent: Intent, limit: number, leanings?: Leanings): Hits;
}

/** Two terms that follow each other in the intent. */
type Pair = readonly [number, number];

interface Matched {
  readonly matches: ReadonlyMap<number, Match>;
  readonly pairs: readonly Pair[];
}

/** Scores documents of an index. It keeps its arrays from one search to the next, so a search makes hardly any garbage. */
export function createSearch(index: TextIndex): Search {
  let version = -1;
  let groups = new Int32Array(0);
  /** Weight of a field over its length's share, by document and field. */
  let norms = new Float32Array(0);
  let scores = new Float32Array(0);
  /** What the word in hand adds, by document. */
  let added = new Float32Array(0);
  let touched = new Int32Array(0);
  let touchedCount = 0;
  let byClause: Float32Array[] = [];
  /** By group: first sums and counts of scores, then weights. */
  let groupSums = new Float32Array(0);
  let groupCounts = new Float32Array(0);
  /** How rare each term is, once it was asked for. */
  let rarities: number[] = [];
  const related = new Map<string, readonly number[]>();
  const fieldCount = fieldWeight.length;

  function refresh(): void {
    if (version === index.version()) return;
    version = index.version();
    const size = index.size();
    const means = index.meanLengths();
    groups = new Int32Array(size).fill(-1);
    norms = new Float32Array(size * fieldCount);
    scores = new Float32Array(size);
    added = new Float32Array(size);
    touched = new Int32Array(size);
    byClause = [];
    groupSums = new Float32Array(index.groups());
    groupCounts = new Float32Array(index.groups());
    rarities = [];
    related.clear();
    for (let document = 0; document < size; document += 1) {
      const entry = index.entry(document);
      if (!entry) continue;
      groups[document] = entry.group;
      for (let field = 0; field < fieldCount; field += 1) {
        const share = lengthShare[field] as number;
        const length = (entry.lengths[field] as number) / (means[field] as number);
        norms[document * fieldCount + field] = (fieldWeight[field] as number) / (1 - share + share * length);
      }
    }
  }

  function idf(term: number): number {
    const known = rarities[term];
    if (known !== undefined) return known;
    const frequency = index.frequency(term);
    const rarity = Math.log(1 + (index.count() - frequency + 0.5) / (frequency + 0.5));
    rarities[term] = rarity;
    return rarity;
  }

  function addToDocument(document: number, value: number): void {
    const had = added[document] as number;
    if (had === 0) {
      touched[touchedCount] = document;
      touchedCount += 1;
    }
    added[document] = value > had ? value + lesserShare * had : had + lesserShare * value;
  }

  /** Adds what a term is worth to `added`, for each document that has it. */
  function addTerm(term: number, share: number): void {
    const postings = index.postings(term);
    const worth = share * idf(term) * (saturation + 1);
    let current = -1;
    let frequency = 0;
    for (let at = 0; at < postings.length; at += 1) {
      const posting = postings[at] as number;
      const document = posting >>> documentShift;
      if (document !== current) {
        if (current >= 0) addToDocument(current, (worth * frequency) / (frequency + saturation));
        current = document;
        frequency = 0;
      }
      frequency +=
        (posting & 255) * (norms[document * fieldCount + ((posting >>> fieldShift) & 7)] as number);
    }
    if (current >= 0) addToDocument(current, (worth * frequency) / (frequency + saturation));
  }

  /** Moves what was added into the scores, the whole one and those of the clauses the word stands in. */
  function settle(weight: number, clauses: number, clauseCount: number): void {
    for (let at = 0; at < touchedCount; at += 1) {
      const document = touched[at] as number;
      const value = (added[document] as number) * weight;
      added[document] = 0;
      scores[document] = (scores[document] as number) + value;
      for (let clause = 0; clause < clauseCount; clause += 1) {
        if ((clauses & (1 << clause)) === 0) continue;
        const own = byClause[clause] as Float32Array;
        own[document] = (own[document] as number) + value;
      }
    }
    touchedCount = 0;
  }

  /** The terms that often stand for a stem; few stems have any, so they are looked up once. */
  function relatedTerms(stem: string): readonly number[] {
    let terms = related.get(stem);
    if (!terms) {
      terms = relatedTo(stem).flatMap((other) => index.term(other) ?? []);
      if (terms.length > 0) related.set(stem, terms);
    }
    return terms;
  }

  function addWords(intent: Intent, clauseCount: number): Matched {
    const matches = new Map<number, Match>();
    const add = (term: number, share: number, word: string): void => {
      if (share > (matches.get(term)?.share ?? 0)) matches.set(term, { share, word });
      addTerm(term, share);
    };
    const terms = intent.wanted.map(({ stem }) => index.term(stem));
    const own = new Set(terms);
    intent.wanted.forEach(({ stem, word, weight, clauses }, at) => {
      const term = terms[at];
      if (term !== undefined) add(term, 1, word);
      else if (weight === 1 && stem.length > 3)
        for (const other of index.similar(stem))
          if (isAlike(stem, index.stem(other))) add(other, alikeShare, word);
      // A rare word that stands for a common one says no more than that one.
      const most = term === undefined ? Infinity : idf(term);
      for (const other of relatedTerms(stem))
        if (!own.has(other)) add(other, relatedShare * Math.min(1, most / idf(other)), word);
      settle(weight, clauses, clauseCount);
    });
    const pairs: Pair[] = [];
    for (const [first, second] of intent.pairs) {
      const one = index.term(first);
      const two = index.term(second);
      if (one !== undefined && two !== undefined) pairs.push([one, two]);
      const term = index.term(first + second);
      if (term === undefined) continue;
      add(term, joinedShare, `${first} ${second}`);
      settle(1, 0, 0);
    }
    return { matches, pairs };
  }

  /** Adds the group's share and returns the highest score. */
  function addGroups(): number {
    groupSums.fill(0);
    groupCounts.fill(0);
    for (let document = 0; document < scores.length; document += 1) {
      const score = scores[document] as number;
      const group = groups[document] as number;
      if (score <= 0) continue;
      groupSums[group] = (groupSums[group] as number) + score;
      groupCounts[group] = (groupCounts[group] as number) + 1;
    }
    let highest = 0;
    for (let document = 0; document < scores.length; document += 1) {
      if ((scores[document] as number) <= 0) continue;
      const group = groups[document] as number;
      // Two more than there are: one lucky tool does not speak for its connector.
      const score =
        (scores[document] as number) +
        (groupShare * (groupSums[group] as number)) / ((groupCounts[group] as number) + 2);
      scores[document] = score;
      if (score > highest) highest = score;
    }
    return highest;
  }

  /** Turns scores into shares of the highest, each with what its best clause adds. */
  function addClauses(highest: number, clauseCount: number): void {
    const tops = byClause.slice(0, clauseCount).map((own) => {
      let top = 0;
      for (let document = 0; document < own.length; document += 1)
        if ((own[document] as number) > top) top = own[document] as number;
      return top;
    });
    for (let document = 0; document < scores.length; document += 1) {
      const score = scores[document] as number;
      if (score <= 0) continue;
      let best = 0;
      for (let clause = 0; clause < clauseCount; clause += 1) {
        const value = ((byClause[clause] as Float32Array)[document] as number) / (tops[clause] || 1);
        if (value > best) best = value;
      }
      scores[document] = score / highest + clauseShare * best;
    }
  }

  function weigh(groupWeight: (group: number) => number): void {
    for (let group = 0; group < groupSums.length; group += 1) groupSums[group] = groupWeight(group);
    for (let document = 0; document < scores.length; document += 1)
      if ((scores[document] as number) > 0)
        scores[document] = (scores[document] as number) * (groupSums[groups[document] as number] as number);
  }

  /** Looks at names: of equal tools the one that is called what the intent says is meant. */
  function review(
    best: readonly Hit[],
    { matches, pairs }: Matched,
    weight: (document: number) => number = () => 1,
  ): Hit[] {
    const hits = best.map(({ document, score }): Hit => {
      const name = index.entry(document)?.name ?? [];
      let has = 0;
      let all = 0;
      let hasPair = false;
      for (let at = 0; at < name.length; at += 1) {
        const term = name[at] as number;
        const rarity = idf(term);
        all += rarity;
        const share = matches.get(term)?.share ?? 0;
        has += rarity * share;
        if (at > 0 && share === 1)
          hasPair ||= pairs.some(([first, second]) => second === term && first === name[at - 1]);
      }
      const share = 1 + (all > 0 ? (nameShare * has) / all : 0) + (hasPair ? pairShare : 0);
      return { document, score: score * share * weight(document) };
    });
    return hits.sort((a, b) => b.score - a.score || a.document - b.document);
  }

  return {
    search(intent, limit, { groupWeight, weight } = {}) {
      refresh();
      scores.fill(0);
      const clauseCount = intent.clauses > 1 ? intent.clauses : 0;
      for (let clause = 0; clause < clauseCount; clause += 1) {
        const own = byClause[clause];
        if (own) own.fill(0);
        else byClause.push(new Float32Array(scores.length));
      }
      const matched = addWords(intent, clauseCount);
      const { matches } = matched;
      const highest = addGroups();
      if (highest === 0) return { hits: [], total: 0, matches };
      addClauses(highest, clauseCount);
      if (groupWeight) weigh(groupWeight);
      const { best, total } = select(scores, Math.max(limit, reviewed));
      // Those past the reviewed ones keep their place behind them, so that pages fit together.
      const hits = [...review(best.slice(0, reviewed), matched, weight), ...best.slice(reviewed)];
      return { hits: hits.slice(0, limit), total, matches };
    },
  };
}

/** The `count` highest scores, highest first, of equal ones the lower number; and how many are above zero. */
function select(scores: Float32Array, count: number): { best: Hit[]; total: number } {
  const best: Hit[] = [];
  let total = 0;
  let least = 0;
  for (let document = 0; document < scores.length; document += 1) {
    const score = scores[document] as number;
    if (score <= 0) continue;
    total += 1;
    if (best.length >= count && score <= least) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((best[middle] as Hit).score >= score) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, { document, score });
    if (best.length > count) best.pop();
    least = (best[best.length - 1] as Hit).score;
  }
  return { best, total };
}
