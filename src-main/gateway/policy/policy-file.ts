import { parse, TomlError } from 'smol-toml';
import type * as z from 'zod';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { PolicyFile, type PolicyProblem } from '../../../src-shared/policy.ts';
import { policySchema } from '../../../src-shared/policy-keys.ts';
import { formatPath, type KeyPath } from '../config/key-path.ts';
import { locateKeys, positionOf } from '../config/positions.ts';
import { explainIssues } from '../config/problem.ts';
import { readBytesIfExists } from '../storage/files.ts';

/** A longer policy.toml is not one. */
const maxBytes = 1024 * 1024;
/** As many problems are told; with more the first ones are enough to begin with. */
const maxProblems = 50;

/** The text of policy.toml, null when there is none; or why it cannot be read. */
export type PolicyText =
  | { readonly text: string | null; readonly problem?: never }
  | { readonly text?: never; readonly problem: PolicyProblem };

/** Reads the file whole. Strict: a byte that is no UTF-8 must not become another character. Never throws. */
export function readPolicyText(path: string): PolicyText {
  let bytes: Buffer | null;
  try {
    bytes = readBytesIfExists(path, maxBytes);
  } catch (error) {
    return { problem: errorAt(null, toNucleusError(error).message) };
  }
  if (bytes === null) return { text: null };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    // What is left of the text up to the first byte that had to be replaced.
    const text = new TextDecoder('utf-8').decode(bytes);
    const position = positionOf(text, Math.max(0, text.indexOf('\ufffd')));
    return { problem: errorAt(position, 'the file is not UTF-8 text; save it as UTF-8') };
  }
}

/** What a text says, null when it has errors; a key nobody knows is one, as it may be a protection misspelt. */
export function parsePolicy(text: string): {
  readonly file: PolicyFile | null;
  readonly problems: readonly PolicyProblem[];
} {
  let input: unknown;
  try {
    input = parse(text.replace(/^\ufeff/, ''), { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    // Anything else is a limit of the parser, and then the file is not used either.
    const place = error instanceof TomlError ? error : null;
    const [reason = ''] = toNucleusError(error)
      .message.replace(/^Invalid TOML document: /, '')
      .split('\n');
    return { file: null, problems: [errorAt(place, `this is not TOML: ${reason}; correct the file`)] };
  }
  const parsed = PolicyFile.safeParse(input);
  if (parsed.success) return { file: parsed.data, problems: [] };
  const findings = explainIssues(issuesToTell(parsed.error), {
    input,
    schema: policySchema(),
    fixOf: () => 'correct the file',
    nameOf: nameOfKey,
  });
  const locate = locateIn(text);
  const problems = findings.map(({ path, sentence }) => errorAt(locate(path), sentence));
  return { file: null, problems: problems.toSorted(byPlace).slice(0, maxProblems) };
}

/** Where a key stands, or else what it belongs to. */
export function locateIn(text: string): (path: KeyPath) => Place | null {
  const locate = locateKeys(text.replace(/^\ufeff/, ''));
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const position = locate(path.slice(0, length));
      if (position) return position;
    }
    return null;
  };
}

/**
 * What goes over several keys is told where each of them is right: a verb misspelt is no missing verb. Of unknown keys
 * there may be a megabyte, and for each a word is looked for.
 */
function issuesToTell({ issues }: z.ZodError): z.core.$ZodIssue[] {
  const wrong = new Set(issues.filter(({ code }) => code !== 'custom').map(({ path }) => path[1]));
  return issues
    .filter(({ code, path }) => code !== 'custom' || !wrong.has(path[1]))
    .slice(0, maxProblems)
    .map((issue) =>
      issue.code === 'unrecognized_keys' ? { ...issue, keys: issue.keys.slice(0, maxProblems) } : issue,
    );
}

type Place = { readonly line: number; readonly column: number };

function errorAt(place: Place | null, message: string): PolicyProblem {
  return { severity: 'error', line: place?.line ?? null, column: place?.column ?? null, message };
}

/** People count rules from 1. */
function nameOfKey(path: KeyPath): string {
  const [first, index, ...rest] = path;
  if (path.length === 0) return 'policy.toml';
  if (first !== 'rule' || typeof index !== 'number') return formatPath(path);
  return rest.length === 0 ? `rule ${index + 1}` : `${formatPath(rest)} of rule ${index + 1}`;
}

/** In the order of the file; what has no place comes last. */
export function byPlace(a: PolicyProblem, b: PolicyProblem): number {
  if (a.line === null || b.line === null) return Number(a.line === null) - Number(b.line === null);
  return a.line - b.line || (a.column ?? 0) - (b.column ?? 0);
}
