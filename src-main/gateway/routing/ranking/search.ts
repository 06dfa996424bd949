import type { Intent } from './intent.ts';
import { relatedTo } from './related.ts';
import { documentShift, fieldShift, type TextIndex } from './text-index.ts';

export const tuning = {
  k1: 1.2,
  weight: [3, 2, 1.5, 1, 0.5, 0.5],
  b: [0.3, 0.3, 0, 0.5, 0.5, 0.5],
  related: 0.4,
  fuzzy: 0.5,
  joined: 0.8,
  prior: 0.25,
  clause: 0.7,
  cover: 0.3,
  pair: 0.1,
  rerank: 64,
  sumRest: 0.3,
  diversity: 0,
  idfPower: 1,
  idfFloor: 0,
  clausePower: 0,
  verb: 1,
  prf: 0,
  prfDocs: 5,
  prfTerms: 8,
  unmatchedName: 0,
};

export interface Hit {
  readonly document: number;
  readonly score: number;
}

/** The best documents for an intent, best first. */
export interface Search {
  search(intent: Intent, limit: number, accepts?: (document: number) => number): { hits: Hit[]; total: number; matched: Map<number, string> };
}

export function createSearch(index: TextIndex): Search {
  let version = -1;
  let norms = new Float32Array(0);
  let scores = new Float32Array(0);
  let best = new Float32Array(0);
  let byClause: Float32Array[] = [];
  const touched: number[] = [];

  function refresh(): void {
    if (version === index.version()) return;
    version = index.version();
    const size = index.size();
    const means = index.meanLengths();
    const F = tuning.weight.length;
    norms = new Float32Array(size * F);
    scores = new Float32Array(size);
    best = new Float32Array(size);
    byClause = [];
    for (let d = 0; d < size; d += 1) {
      const e = index.entry(d);
      if (!e) continue;
      for (let f = 0; f < F; f += 1) {
        const b = tuning.b[f] as number;
        norms[d * F + f] = (tuning.weight[f] as number) / (1 - b + (b * (e.lengths[f] as number)) / (means[f] as number));
      }
    }
  }

  return {
    search(intent, limit, accepts) {
      refresh();
      const size = index.size();
      const N = index.count();
      const F = tuning.weight.length;
      scores.fill(0);
      const C = intent.clauses > 1 ? intent.clauses : 0;
      while (byClause.length < C) byClause.push(new Float32Array(size));
      for (let c = 0; c < C; c += 1) (byClause[c] as Float32Array).fill(0);
      const matched = new Map<number, number>();
      const words = new Map<number, string>();
      let word = '';
      const idf = (term: number): number => {
        const df = index.frequency(term);
        return Math.log(1 + (N - df + 0.5) / (df + 0.5) + tuning.idfFloor) ** tuning.idfPower;
      };
      const visit = (term: number, factor: number): void => {
        const list = index.postings(term);
        const w = factor * idf(term) * (tuning.k1 + 1);
        if (factor > (matched.get(term) ?? 0)) { matched.set(term, factor); words.set(term, word); }
        let current = -1;
        let tf = 0;
        for (let i = 0; i <= list.length; i += 1) {
          const p = i < list.length ? (list[i] as number) : -1;
          const d = p < 0 ? -1 : p >>> documentShift;
          if (d !== current) {
            if (current >= 0) {
              const v = (w * tf) / (tf + tuning.k1);
              const had = best[current] as number;
              if (had === 0) touched.push(current);
              best[current] = v > had ? v + tuning.sumRest * had : had + tuning.sumRest * v;
            }
            current = d;
            tf = 0;
          }
          if (p >= 0) tf += (p & 255) * (norms[d * F + ((p >>> fieldShift) & 7)] as number);
        }
      };
      const verbs = new Set(['get','fetch','list','creat','find','search','check','retriev','provid','show','add','updat','delet','remov','set','mak','run','look','want','read','writ','generat','perform','calculat','chang','send','open'].map((x) => x));
      const own = new Set(intent.wanted.map((w) => w.stem));
      for (const w of intent.wanted) {
        word = w.word;
        const term = index.term(w.stem);
        if (term !== undefined) visit(term, 1);
        else if (tuning.fuzzy && w.stem.length > 3) {
          for (const other of index.similar(w.stem)) {
            const s = index.stem(other);
            if ((w.stem.length > 4 && isOneEdit(w.stem, s)) || (s.length > 3 && (s.startsWith(w.stem) || w.stem.startsWith(s)))) visit(other, tuning.fuzzy);
          }
        }
        if (tuning.related) for (const s of relatedTo(w.stem)) {
          if (own.has(s)) continue;
          const t = index.term(s);
          if (t !== undefined) visit(t, tuning.related);
        }
        for (const d of touched) {
          const v = (best[d] as number) * w.weight * (verbs.has(w.stem) ? tuning.verb : 1);
          scores[d] = (scores[d] as number) + v;
          for (let c = 0; c < C; c += 1) if (w.clauses & (1 << c)) { const a = byClause[c] as Float32Array; a[d] = (a[d] as number) + v; }
          best[d] = 0;
        }
        touched.length = 0;
      }
      if (tuning.joined) for (const [a, b] of intent.pairs) {
        const t = index.term(a + b);
        if (t === undefined) continue;
        word = a + b;
        visit(t, tuning.joined);
        for (const d of touched) { scores[d] = (scores[d] as number) + (best[d] as number); best[d] = 0; }
        touched.length = 0;
      }
      if (tuning.prf) {
        const top: number[] = [];
        for (let d = 0; d < size; d += 1) { const s = scores[d] as number; if (s <= 0) continue; let i = top.length; while (i > 0 && (scores[top[i - 1] as number] as number) < s) i -= 1; if (i < tuning.prfDocs) { top.splice(i, 0, d); if (top.length > tuning.prfDocs) top.pop(); } }
        const tw = new Map<number, number>();
        const m0 = top.length ? (scores[top[0] as number] as number) : 0;
        for (const d of top) for (const packed of index.entry(d)!.terms) { const t = packed >>> 6; if (!(packed & 0b1011) || matched.has(t)) continue; tw.set(t, (tw.get(t) ?? 0) + ((scores[d] as number) / m0) * idf(t)); }
        const ex = [...tw].sort((a, b) => b[1] - a[1]).slice(0, tuning.prfTerms);
        const tot = ex[0]?.[1] ?? 1;
        for (const [t, w] of ex) { visit(t, (tuning.prf * w) / tot); matched.delete(t); for (const d of touched) { scores[d] = (scores[d] as number) + (best[d] as number); best[d] = 0; } touched.length = 0; }
      }
      const G = index.groups();
      const sum = new Float32Array(G);
      const cnt = new Float32Array(G);
      let max = 0;
      for (let d = 0; d < size; d += 1) {
        const s = scores[d] as number;
        if (s <= 0) continue;
        const g = (index.entry(d) as { group: number }).group;
        sum[g] = (sum[g] as number) + s;
        cnt[g] = (cnt[g] as number) + 1;
      }
      const prior = (g: number) => tuning.prior * ((sum[g] as number) / ((cnt[g] as number) + 2));
      for (let d = 0; d < size; d += 1) {
        const s = scores[d] as number;
        if (s <= 0) continue;
        const x = s + prior((index.entry(d) as { group: number }).group);
        scores[d] = x;
        if (x > max) max = x;
      }
      if (max === 0) return { hits: [], total: 0, matched: new Map() };
      const tops: number[] = [];
      for (let c = 0; c < C; c += 1) {
        const a = byClause[c] as Float32Array;
        let m = 0;
        for (let d = 0; d < size; d += 1) if ((a[d] as number) > m) m = a[d] as number;
        tops.push(m);
      }
      const topMost = Math.max(0, ...tops);
      let found: { document: number; score: number; clause: number }[] = [];
      for (let d = 0; d < size; d += 1) {
        const s = scores[d] as number;
        if (s <= 0) continue;
        let x = s / max;
        let cl = 0;
        let which = -1;
        for (let c = 0; c < C; c += 1) {
          const v = ((byClause[c] as Float32Array)[d] as number) / (tops[c] || 1) * ((tops[c] as number) / (topMost || 1)) ** tuning.clausePower;
          if (v > cl) { cl = v; which = c; }
        }
        x += tuning.clause * cl;
        if (accepts) x *= accepts(d);
        if (x > 0) found.push({ document: d, score: x, clause: which });
      }
      found.sort((a, b) => b.score - a.score || a.document - b.document);
      const total = found.length;
      found = found.slice(0, Math.max(limit, tuning.rerank));
      if (tuning.cover || tuning.pair) {
        const pairs = new Set(intent.pairs.map(([a, b]) => (index.term(a) ?? -1) * 1e6 + (index.term(b) ?? -1)));
        for (const f of found) {
          const e = index.entry(f.document)!;
          let has = 0, all = 0, pr = 0;
          e.name.forEach((t, i) => { const w = idf(t); all += w; has += w * (matched.get(t) ?? 0); if (i && pairs.has((e.name[i - 1] as number) * 1e6 + t)) pr = 1; });
          f.score *= 1 + tuning.cover * (all ? has / all : 0) + tuning.pair * pr;
        }
        found.sort((a, b) => b.score - a.score || a.document - b.document);
      }
      if (tuning.diversity && C) {
        const used = new Map<number, number>();
        for (const f of found) {
          const n = used.get(f.clause) ?? 0;
          used.set(f.clause, n + 1);
          f.score *= (1 - tuning.diversity) ** n;
        }
        found.sort((a, b) => b.score - a.score || a.document - b.document);
      }
      return { hits: found.slice(0, limit), total, matched: words };
    },
  };
}

function isOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  if (a.length > b.length) return a.slice(at + 1) === b.slice(at);
  if (a.length < b.length) return a.slice(at) === b.slice(at + 1);
  if (a.slice(at + 1) === b.slice(at + 1)) return true;
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}
