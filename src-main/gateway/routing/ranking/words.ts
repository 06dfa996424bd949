import { stem } from './stem.ts';

/** A word longer than this is data (base64, a token), not language. */
const maxWordLength = 40;
/** A run of letters and digits up to this long is one name: s3, k8s, mp3. */
const maxMixedLength = 4;

const lower = 1;
const upper = 2;
const digit = 3;
const pair = 4;

/**
 * The words of a text or identifier, in lower case: split at everything that is no letter or digit, at camelCase
 * humps and where letters meet digits. Chinese and Japanese, which write no spaces, become pairs of characters.
 */
export function splitWords(text: string): string[] {
  const found: string[] = [];
  let start = -1;
  let before = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const kind = at < text.length ? kindOf(text.charCodeAt(at)) : 0;
    if (start < 0) {
      if (kind !== 0) start = at;
    } else if (kind === 0 || (kind === pair) !== (before === pair)) {
      addRun(found, text.slice(start, at), before === pair);
      start = kind === 0 ? -1 : at;
    }
    before = kind;
  }
  return found;
}

/** The stems of a text, stop words left out: what documents and intents are compared by. */
export function stems(text: string): string[] {
  const found: string[] = [];
  for (const word of splitWords(text)) if (!isStopWord(word)) found.push(stem(word));
  return found;
}

/** Words that say nothing about a tool, and single letters. */
export function isStopWord(word: string): boolean {
  return stopWords.has(word) || (word.length === 1 && word < '\u00ff' && !(word >= '0' && word <= '9'));
}

function addRun(found: string[], run: string, isPairs: boolean): void {
  if (isPairs) {
    if (run.length === 1) found.push(run);
    for (let at = 0; at + 1 < run.length && at < maxWordLength; at += 1) found.push(run.slice(at, at + 2));
    return;
  }
  if (run.length <= maxMixedLength && isMixed(run)) {
    found.push(run.toLowerCase());
    return;
  }
  let start = 0;
  for (let at = 1; at <= run.length; at += 1) {
    if (at < run.length && !isHump(run, at)) continue;
    if (at - start <= maxWordLength) found.push(run.slice(start, at).toLowerCase());
    start = at;
  }
}

function isMixed(run: string): boolean {
  let digits = 0;
  for (let at = 0; at < run.length; at += 1) if (kindOf(run.charCodeAt(at)) === digit) digits += 1;
  return digits > 0 && digits < run.length;
}

/** Whether a new word begins at this place: getUser, SQLQuery, top10. */
function isHump(run: string, at: number): boolean {
  const before = kindOf(run.charCodeAt(at - 1));
  const kind = kindOf(run.charCodeAt(at));
  if ((before === digit) !== (kind === digit)) return true;
  if (kind !== upper) return false;
  if (before !== upper) return true;
  if (at + 1 >= run.length || kindOf(run.charCodeAt(at + 1)) !== lower) return false;
  // The plural of an acronym is no hump: PRs, userIDs.
  return !(run.charAt(at + 1) === 's' && (at + 2 >= run.length || kindOf(run.charCodeAt(at + 2)) === upper));
}

function kindOf(code: number): number {
  if (code >= 97 && code <= 122) return lower;
  if (code >= 65 && code <= 90) return upper;
  if (code >= 48 && code <= 57) return digit;
  if (code < 128) return 0;
  if (code >= 0x3040 && code <= 0x9fff) return pair;
  const char = String.fromCharCode(code);
  if (!/[\p{L}\p{N}\p{M}]/u.test(char)) return 0;
  return char === char.toLowerCase() ? lower : upper;
}

const stopWords = new Set(
  [
    'a an the this that these those there here any some such',
    'of on in at to for from by with about into under over as via like',
    'and or but if then than so also not no just more most very',
    'i me my im ive id you your youre he his she her it its we us our they them their',
    'is are was were be been being am do does did done have has had having',
    'can could would should will shall may might must need want let lets dont',
    'what which who whom whose when where why how',
    'please help use using used provide tell give show know',
  ].flatMap((line) => line.split(' ')),
);
