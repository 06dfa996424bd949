import type { PolicyFile, PolicyInfo, PolicyProblem } from '../../../src-shared/policy.ts';
import { judgeBy, judgeByBoth, judgeReadsOnly, type Judge, type Source } from './judges.ts';
import { parsePolicy, type PolicyText } from './policy-file.ts';
import { isPlainlyStricter } from './stricter.ts';

/** What was read of the file, and what follows from it. */
export interface Reading {
  readonly signature: string;
  readonly loadedAt: number;
  readonly found: PolicyText;
  /** null when the file cannot be used. */
  readonly source: Source | null;
  readonly errors: readonly PolicyProblem[];
  readonly state: PolicyInfo['state'];
  readonly judge: Judge;
  /** Plainly stricter than what was accepted, and accepted when nobody changes it for a moment. */
  readonly isStricter: boolean;
}

/** What was accepted last, or why that is not known. */
export type Base = Source | keyof typeof lost;

/** Why there is nothing to compare the file with, and what to do. */
const lost = {
  sealed: 'cannot be opened; nucleus vault says why',
  strange: 'is not understood by this version; look at the file and run nucleus policy accept',
} as const;

/** What a text says that was accepted; null is no file. */
export function readBase(text: string | null | 'unreadable'): Base {
  if (text === 'unreadable') return 'sealed';
  // One that this version of Nucleus does not understand any more protects nobody.
  const file = text === null ? emptyPolicy : parsePolicy(text).file;
  return file ? { text, file } : 'strange';
}

/** Weighs what was found against what was accepted: which of them judges. Pure. */
export function weigh(
  { path, ...seen }: Pick<Reading, 'signature' | 'loadedAt' | 'found'> & { readonly path: string },
  base: Base,
): Reading {
  const { file, problems } = parse(seen.found);
  const text = seen.found.text ?? null;
  const source = file && { text, file };
  const rest = { ...seen, source, errors: problems, isStricter: false };
  if (typeof base === 'string') {
    const message = `What a person accepted of ${path} ${lost[base]}.`;
    const error = { severity: 'error', line: null, column: null, message } as const;
    return { ...rest, state: 'invalid', judge: judgeReadsOnly(message, text), errors: [...problems, error] };
  }
  if (!source) {
    const readsOnly = (): Judge => judgeReadsOnly(problemText(path, problems[0]), text);
    return { ...rest, state: 'invalid', judge: base.text === null ? readsOnly() : judgeBy(base, false) };
  }
  const state = text === null ? 'none' : 'accepted';
  if (text === base.text) return { ...rest, state, judge: judgeBy(source) };
  if (isPlainlyStricter(base.file, source.file))
    return { ...rest, state, judge: judgeBy(source), isStricter: true };
  return { ...rest, state: 'pending', judge: judgeByBoth(base, source) };
}

export function sameText(a: PolicyText, b: PolicyText): boolean {
  return a.text === b.text && a.problem?.message === b.problem?.message;
}

/** A problem as a sentence that says where it is. */
export function problemText(path: string, problem: PolicyProblem | undefined): string {
  const place = problem?.line == null ? path : `${path}:${problem.line}:${problem.column ?? 1}`;
  const message = problem?.message ?? 'it cannot be used';
  return `${place}: ${message}${message.endsWith('?') ? '' : '.'}`;
}

const emptyPolicy: PolicyFile = { defaults: true, rule: [] };

function parse(found: PolicyText): ReturnType<typeof parsePolicy> {
  if (found.text === undefined) return { file: null, problems: [found.problem] };
  return found.text === null ? { file: emptyPolicy, problems: [] } : parsePolicy(found.text);
}
