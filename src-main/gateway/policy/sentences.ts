import type { Decision, Facts } from './decision.ts';

/** The argument in which phrases are said. */
export const confirmKey = '__nucleus_confirm';

type Denied = Extract<Decision, { kind: 'deny' }>;
type Confirming = Extract<Decision, { kind: 'confirm' }>;

/** What the model reads of a call that is refused. Where no rule refuses it, `reason` is all there is to say. */
export function deniedText({ rule, match, pattern, reason }: Denied, facts: Facts): string {
  const blocked = `BLOCKED by policy: ${whatOf(facts)} is denied`;
  if (rule === null) return `${blocked}. Reason: ${reason}`;
  const why = reason === '' ? `policy denies ${pattern} on ${accountOf(facts)}` : reason;
  return `${blocked} (rule match=${quote(match)}, pattern=${quote(pattern)}). Reason: ${why}`;
}

/** What the model reads of a call that takes phrases it did not say. */
export function confirmationText({ phrases, reason }: Confirming, facts: Facts): string {
  const why = reason === '' ? '' : ` ${reason}`;
  const wanted = phrases.length === 1 ? wantedText(phrases) : `the list ${wantedText(phrases)}`;
  return `CONFIRMATION REQUIRED: ${whatOf(facts)} requires explicit confirmation.${why} Re-call this tool with an extra argument "${confirmKey}" set to ${wanted} to proceed.`;
}

/** What the model reads when it said something else. */
export function mismatchText({ phrases }: Confirming, facts: Facts, said: unknown): string {
  const exact = phrases.length === 1 ? 'phrase' : 'phrases';
  return `CONFIRMATION MISMATCH: ${whatOf(facts)} requires "${confirmKey}"=${wantedText(phrases)} but got ${saidText(said)}. Re-call with the exact ${exact} to proceed.`;
}

/**
 * Whether all that has to be said was: a text for one phrase, a list of texts for several. Nothing else may be in the
 * list, so that guessing takes as long as it does with one.
 */
export function confirmed(phrases: readonly string[], said: unknown): 'ok' | 'required' | 'mismatch' {
  const texts = typeof said === 'string' ? [said] : Array.isArray(said) ? (said as readonly unknown[]) : [];
  if (texts.length === 0 || said === '') return 'required';
  // A look at every item of an endless list would be somebody else's waiting time.
  if (texts.length > phrases.length) return 'mismatch';
  const isComplete = phrases.every((phrase) => texts.includes(phrase));
  return isComplete ? 'ok' : 'mismatch';
}

/** As the original says it: connector and the alias of this caller. */
function accountOf({ connector, alias }: Facts): string {
  return `${connector}:${alias}`;
}

function whatOf(facts: Facts): string {
  const kind = facts.kind === 'other' ? 'request' : facts.kind;
  return `${kind} ${quote(facts.operation)} on profile ${accountOf(facts)}`;
}

function wantedText(phrases: readonly string[]): string {
  return phrases.length === 1 ? JSON.stringify(phrases[0]) : JSON.stringify(phrases);
}

const maxShown = 100;

function saidText(said: unknown): string {
  if (typeof said === 'string') return quote(cut(said));
  if (!Array.isArray(said)) return 'something else than a text';
  const [first] = said as readonly unknown[];
  const more = said.length > 1 ? ` and ${said.length - 1} more` : '';
  return `a list with ${typeof first === 'string' ? quote(cut(first)) : 'something else than a text'}${more}`;
}

function cut(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/** In quotes, on one line, with nothing that steers a terminal or turns the text around. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
