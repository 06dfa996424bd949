import type { Finding } from '../../src-shared/doctor.ts';
import { hostNames } from '../../src-shared/host-names.ts';
import { text } from '../text.ts';
import type { IconName } from './icon-name.ts';
import { sentence } from './words.ts';

/** One line of the Doctor view. */
export interface DoctorRow {
  readonly key: string;
  readonly finding: Finding;
  /** It was wrong and was mended from here; it stays in its place. */
  readonly isFixed: boolean;
}

const ranks = { fail: 0, warn: 1, ok: 2 } as const;

export const levelLooks: Readonly<
  Record<Finding['level'], { readonly icon: IconName; readonly tone: 'bad' | 'warn' | 'ok' }>
> = {
  fail: { icon: 'badc', tone: 'bad' },
  warn: { icon: 'warn', tone: 'warn' },
  ok: { icon: 'okc', tone: 'ok' },
};

/** Names one finding among the others of a look, and from one look to the next. */
export function findingKey({ check, subject }: Pick<Finding, 'check' | 'subject'>): string {
  return JSON.stringify([check, subject]);
}

/** Something that was mended from here. */
export interface Mended {
  readonly finding: Finding;
  /** Where it stood. */
  readonly at: number;
}

/** What is wrong, worst first, and what was mended from here, where it stood. */
export function doctorRows(findings: readonly Finding[], mended: readonly Mended[]): readonly DoctorRow[] {
  const rows: DoctorRow[] = findings
    .filter(({ level }) => level !== 'ok')
    .toSorted((a, b) => ranks[a.level] - ranks[b.level])
    .map((finding) => ({ key: findingKey(finding), finding, isFixed: false }));
  const wrong = new Set(rows.map(({ key }) => key));
  for (const { finding, at } of mended.toSorted((a, b) => a.at - b.at)) {
    const key = findingKey(finding);
    if (!wrong.has(key)) rows.splice(at, 0, { key, finding, isFixed: true });
  }
  return rows;
}

/** A look, with what only reaching the servers showed before it. */
export function withReached(look: readonly Finding[], reached: readonly Finding[]): readonly Finding[] {
  const keys = new Set(look.map(findingKey));
  return [...look, ...reached.filter((one) => !keys.has(findingKey(one)))];
}

/** `client-entry` of `cursor` reads `Entry in a client, cursor`; a file is named by the sentence below. */
export function checkTitle({ check, subject }: Finding): string {
  const words = check.replaceAll('-', ' ');
  const title = text.doctor.checks[check] ?? words.charAt(0).toUpperCase() + words.slice(1);
  return subject === null || subject.includes('/') ? title : `${title}, ${subject}`;
}

export interface FixPart {
  readonly text: string;
  /** It can be copied and run as it is. */
  readonly isCommand: boolean;
}

// A second word only where the command has such: `nucleus list shows them` is `nucleus list`, then prose.
const second = `${hostNames.join('|')}|check|accept|status|verify|recover|move|rekey|add|remove|list|trust|forget|reset|set|all|test|undo`;
const option = String.raw`--?[a-z][\w-]*(?:=[^\s;,]+)?|[\w.~@-]*[:/][^\s;,]*|[A-Z][A-Z_]+`;
const commands = new RegExp(
  String.raw`\`([^\`]+)\`|\bnucleus [a-z][a-z-]*(?: (?:${second})(?![\w-]))?(?: (?:${option}))*|\bchmod (?:[0-7]{3,4}|[ugoa]*[+-][rwx]+) [^\s;,]+|\bmv [^\s;,]+ [^\s;,]+`,
  'g',
);

/** What to do, with the commands in it apart: they can be copied. */
export function fixParts(fix: string): readonly FixPart[] {
  const parts: FixPart[] = [];
  let end = 0;
  for (const match of fix.matchAll(commands)) {
    const command = (match[1] ?? match[0]).replace(/[.:]$/, '');
    const cut = match[1] === undefined ? command.length : match[0].length;
    if (match.index > end) parts.push({ text: fix.slice(end, match.index), isCommand: false });
    parts.push({ text: command, isCommand: true });
    end = match.index + cut;
  }
  if (end < fix.length) parts.push({ text: fix.slice(end), isCommand: false });
  return parts;
}

const markers = { fail: '[fail]', warn: '[warn]', ok: '[ ok ]' } as const;

/** Everything that was found, as text to paste into a question; worst first, as the command writes it. */
export function doctorReport(findings: readonly Finding[], version: string | null, at: number): string {
  const lines = findings
    .toSorted((a, b) => ranks[a.level] - ranks[b.level])
    .flatMap(({ level, message, fix, check, subject }) => [
      `${markers[level]} ${check}${subject === null ? '' : ` ${subject}`}: ${sentence(message)}`,
      ...(fix === null ? [] : [`       fix: ${fix}`]),
    ]);
  const stamp = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [`Nucleus ${version ?? '?'}, ${stamp}`, ...lines].join('\n');
}

/** How a look ended, for the toolbar and the ear. */
export function doctorHint(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ level }) => level !== 'ok').length;
  return text.doctor.hint(wrong, findings.length - wrong);
}
