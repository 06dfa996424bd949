import type { EffectBasis, Effect, JudgedEffect } from '../../../src-shared/policy.ts';
import type { ToolRules } from '../profiles/rule-schema.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Target } from './decision.ts';
import { judgePipeline } from './pipeline.ts';
import { createSqlParser, type ParseSql } from './sql-parser.ts';
import type { Dialect } from './sql-tree.ts';
import { guessSql, judgeSql } from './sql.ts';
import { strongest } from './strongest.ts';
import { wordsOf } from './words.ts';

/** Judges what calls do. Loads its SQL parser on first need. */
export interface Effects {
  /**
   * Never throws: what cannot be judged is a write. A promise only while the parser loads, or the server is asked what
   * its tools do.
   */
  judge(call: JudgedCall): Judged | Promise<Judged>;
}

export interface JudgedCall {
  readonly profile: string;
  readonly kind: Target['kind'];
  readonly method: string;
  /** The upstream's own name, a URI, or the method. */
  readonly name: string;
  readonly arguments: Params;
  /** It is only looked ahead: nothing is started for it, and what the server said last has to do. */
  readonly isForeseen?: boolean;
}

export interface Judged {
  readonly effect: JudgedEffect;
  /** `tool>inner` where the tool hides others behind it; else the name. */
  readonly operation: string;
}

export function createEffects(deps: {
  /** Of the profile's connector; `noToolRules` where it says nothing. */
  readonly rulesOf: (profile: string) => ToolRules;
  /** What the upstream says of its tool, as it was listed; {} when that is not known. */
  readonly annotationsOf: (profile: string, tool: string) => Params;
  /** Reads that anew where it was not read since the start: what is kept of it, any program of the user may edit. */
  readonly renew: (profile: string) => Promise<void> | null;
}): Effects {
  const parser = createSqlParser();

  return {
    judge({ profile, kind, method, name, arguments: args, isForeseen }) {
      if (kind === 'other') return { effect: ofMethod(method), operation: name };
      if (kind !== 'tool') return { effect: { does: 'reads', basis: 'protocol' }, operation: name };
      const rules = deps.rulesOf(profile);
      const inner = innerOf(rules, name, args);
      const operation = typeof inner === 'string' ? `${name}>${inner}` : name;
      const listed = listedAs(rules, [operation, name]);
      const judged = (effect: JudgedEffect): Judged => ({ effect, operation });

      const reader = ownEntry(rules.readers, operation) ?? ownEntry(rules.readers, name);
      if (reader?.holds === 'pipeline') {
        const does = judgePipeline(valueAt(args, reader.at));
        return judged(stronger(listed, does ? { does, basis: 'manifest' } : unknown));
      }
      if (reader) {
        const texts = textsAt(args, reader.at);
        if (reader.holds === 'code' || !texts) return judged(stronger(listed, texts ? byManifest : unknown));
        const ofSql = (parse: ParseSql | null): Judged =>
          judged(stronger(listed, { does: ofTexts(texts, reader.dialect, parse), basis: 'sql' }));
        const parse = parser.acquire();
        return typeof parse === 'function' ? ofSql(parse) : parse.then(ofSql);
      }
      // Nothing is known of an operation that is not named.
      if (inner === null) return judged(stronger(listed, unknown));
      if (listed) return judged(listed);
      const byServer = (): Judged => judged(ofHints(deps.annotationsOf(profile, name)));
      const renewal = isForeseen === true ? null : deps.renew(profile);
      return renewal ? renewal.then(byServer, () => judged(unknown)) : byServer();
    },
  };
}

const unknown: JudgedEffect = { does: 'writes', basis: 'unknown' };
/** Code can do everything. */
const byManifest: JudgedEffect = { does: 'writes', basis: 'manifest' };

/** Longer names of operations are no names. */
const maxInner = 200;

/** The operation a tool is asked for; undefined where it has none behind it, null where none is named. */
function innerOf(rules: ToolRules, tool: string, args: Params): string | null | undefined {
  const pointer = ownEntry(rules.inner, tool);
  if (pointer === undefined) return undefined;
  const inner = valueAt(args, pointer);
  // It is shown to people and matched by rules.
  const isName = typeof inner === 'string' && inner.length <= maxInner && /^[^\s\p{C}]+$/u.test(inner);
  return isName ? inner : null;
}

/** Of the first name that a list has. */
function listedAs(rules: ToolRules, names: readonly string[]): JudgedEffect | null {
  for (const name of names)
    for (const [does, list] of [
      ['destroys', rules.destructive],
      ['writes', rules.write],
      ['reads', rules.read],
    ] as const)
      if (list.includes(name)) return { does, basis: 'manifest' };
  return null;
}

/** A list may only make worse what the arguments say. */
function stronger(listed: JudgedEffect | null, read: JudgedEffect): JudgedEffect {
  return listed && strongest([listed.does, read.does]) !== read.does ? listed : read;
}

function ofTexts(texts: readonly string[], dialect: Dialect, parse: ParseSql | null): Effect {
  return strongest(texts.map((text) => (parse ? judgeSql(text, dialect, parse) : guessSql(text))));
}

/** What a server says of its tools is believed where the manifest says nothing (docs/manifests.md, "What a call does"). */
function ofHints(hints: Params): JudgedEffect {
  const by = (does: Effect, basis: EffectBasis = 'server'): JudgedEffect => ({ does, basis });
  if (hints['readOnlyHint'] === true) return by('reads');
  if (hints['destructiveHint'] === true) return by('destroys');
  return hints['destructiveHint'] === false || hints['readOnlyHint'] === false ? by('writes') : unknown;
}

function ofMethod(method: string): JudgedEffect {
  return looking.has(method) ? { does: 'reads', basis: 'protocol' } : unknown;
}

/** Methods that only look, or only serve a call that was judged itself. */
const looking = new Set(
  wordsOf(
    'initialize ping server/discover logging/setLevel completion/complete tools/list prompts/list resources/list',
    'resources/templates/list resources/subscribe resources/unsubscribe subscriptions/listen tasks/get tasks/result',
    'tasks/list tasks/update tasks/cancel',
  ),
);

/** One text, or several in a list; null when there is none or anything else. */
function textsAt(args: Params, pointer: string): readonly string[] | null {
  const value = valueAt(args, pointer);
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.length > 0 && texts.every((text) => typeof text === 'string') ? texts : null;
}

/** RFC 6901, through objects only. */
function valueAt(args: Params, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), args);
}

function ownEntry<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
