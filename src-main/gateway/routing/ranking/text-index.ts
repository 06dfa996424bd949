import { fields } from './tool-text.ts';

/** A posting is one number per term, document and field: `document << 11 | field << 8 | count`. */
export const documentShift = 11;
export const fieldShift = 8;
const maxCount = 255;
/** More would not fit into the numbers, which stay below 2^30 so that every engine keeps them unboxed. */
const maxDocuments = 1 << 19;

/** In an entry's `terms`: `term << 6 | one bit for each field it stands in`. */
export const termShift = fields.length;

/** What is kept of a document beside its postings. */
export interface Entry {
  readonly terms: readonly number[];
  /** Its name's terms, in order. */
  readonly name: readonly number[];
  readonly group: number;
  readonly lengths: readonly number[];
}

export interface TextIndex {
  /** Adds a document, its stems by field, and returns its number; numbers of removed ones are used again. */
  add(texts: readonly (readonly string[])[], group: string): number;
  /** Removes documents, all at once because each of them stands in the postings of a hundred terms. */
  remove(documents: readonly number[]): void;
  /** How many documents there are. */
  count(): number;
  /** One more than the highest document number in use. */
  size(): number;
  entry(document: number): Entry | undefined;
  /** One more than the highest group number in use. */
  groups(): number;
  group(number: number): string;
  /** Number of a stem that some document has. */
  term(stem: string): number | undefined;
  stem(term: number): string;
  /** Numbers of the stems that begin with the same two letters. */
  similar(stem: string): readonly number[];
  /** In how many documents a term stands. */
  frequency(term: number): number;
  /** Postings of a term, those of one document side by side. */
  postings(term: number): readonly number[];
  /** Changes with each add and remove. */
  version(): number;
  /** Mean number of stems in each field. */
  meanLengths(): readonly number[];
}

/** An inverted index over short documents with fields; a change costs what changes, never the whole. */
export function createTextIndex(): TextIndex {
  const numbers = new Map<string, number>();
  const stemOf: string[] = [];
  const lists: number[][] = [];
  const frequencies: number[] = [];
  const freeTerms: number[] = [];
  const entries: (Entry | undefined)[] = [];
  const freeDocuments: number[] = [];
  const groups = new Map<string, { number: number; uses: number }>();
  const groupNames: string[] = [];
  const totals = fields.map(() => 0);
  /** By term, of the document in hand: how often in this field, and in which fields. Maps would be garbage each time. */
  const times: number[] = [];
  const places: number[] = [];
  let count = 0;
  let version = 0;
  let byPrefix: Map<string, number[]> | null = null;

  function numberOf(stem: string): number {
    const known = numbers.get(stem);
    if (known !== undefined) return known;
    const made = freeTerms.pop() ?? stemOf.length;
    numbers.set(stem, made);
    stemOf[made] = stem;
    lists[made] = [];
    frequencies[made] = 0;
    times[made] = 0;
    places[made] = 0;
    byPrefix = null;
    return made;
  }

  function groupOf(name: string): number {
    const known = groups.get(name);
    if (known) {
      known.uses += 1;
      return known.number;
    }
    const free = groupNames.indexOf('');
    const number = free >= 0 ? free : groupNames.length;
    groupNames[number] = name;
    groups.set(name, { number, uses: 1 });
    return number;
  }

  function leaveGroup(number: number): void {
    const name = groupNames[number] as string;
    const group = groups.get(name);
    if (!group) return;
    group.uses -= 1;
    if (group.uses > 0) return;
    groups.delete(name);
    groupNames[number] = '';
  }

  return {
    add(texts, group) {
      const document = freeDocuments.pop() ?? entries.length;
      if (document >= maxDocuments) throw new RangeError(`the index holds ${maxDocuments} tools at most`);
      const terms: number[] = [];
      texts.forEach((text, field) => {
        const own: number[] = [];
        for (const stem of text) {
          const term = numberOf(stem);
          if (times[term] === 0) own.push(term);
          times[term] = (times[term] as number) + 1;
        }
        for (const term of own) {
          if (places[term] === 0) {
            terms.push(term);
            frequencies[term] = (frequencies[term] as number) + 1;
          }
          places[term] = (places[term] as number) | (1 << field);
          // Within one document fields may lie apart in a list only if another document came between: none does.
          (lists[term] as number[]).push(
            (document << documentShift) | (field << fieldShift) | Math.min(times[term] as number, maxCount),
          );
          times[term] = 0;
        }
        totals[field] = (totals[field] as number) + text.length;
      });
      entries[document] = {
        terms: terms.map((term) => (term << termShift) | (places[term] as number)),
        name: (texts[0] ?? []).map((stem) => numbers.get(stem) as number),
        group: groupOf(group),
        lengths: texts.map((text) => text.length),
      };
      for (const term of terms) places[term] = 0;
      count += 1;
      version += 1;
      return document;
    },
    remove(documents) {
      const gone = new Set(documents);
      const touched = new Set<number>();
      for (const document of gone) {
        const entry = entries[document];
        if (!entry) continue;
        for (const packed of entry.terms) {
          const term = packed >>> termShift;
          frequencies[term] = (frequencies[term] as number) - 1;
          touched.add(term);
        }
        entry.lengths.forEach((length, field) => {
          totals[field] = (totals[field] as number) - length;
        });
        leaveGroup(entry.group);
        entries[document] = undefined;
        freeDocuments.push(document);
        count -= 1;
      }
      for (const term of touched) {
        if (frequencies[term] === 0) {
          numbers.delete(stemOf[term] as string);
          lists[term] = [];
          stemOf[term] = '';
          freeTerms.push(term);
          byPrefix = null;
        } else {
          lists[term] = (lists[term] as number[]).filter((posting) => !gone.has(posting >>> documentShift));
        }
      }
      version += 1;
    },
    count: () => count,
    size: () => entries.length,
    entry: (document) => entries[document],
    groups: () => groupNames.length,
    group: (number) => groupNames[number] ?? '',
    term: (stem) => numbers.get(stem),
    stem: (term) => stemOf[term] ?? '',
    similar(stem) {
      if (!byPrefix) {
        byPrefix = new Map();
        for (const [known, number] of numbers) {
          const prefix = known.slice(0, 2);
          const list = byPrefix.get(prefix);
          if (list) list.push(number);
          else byPrefix.set(prefix, [number]);
        }
      }
      return byPrefix.get(stem.slice(0, 2)) ?? [];
    },
    frequency: (term) => frequencies[term] ?? 0,
    postings: (term) => lists[term] ?? [],
    version: () => version,
    meanLengths: () => totals.map((total) => (count === 0 ? 1 : total / count || 1)),
  };
}
