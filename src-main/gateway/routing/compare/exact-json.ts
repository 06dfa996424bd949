/** A number that a double cannot tell from its neighbours, as it was written. */
export interface Exact {
  readonly [mark]: true;
  readonly text: string;
}

const mark = Symbol('exact number');
/** Decimal digits that every double keeps apart. */
const safeDigits = 15;
/** Beyond, doubles run out of range or of digits. */
const safeExponent = 290;

/** A long run of digits, or an exponent of several: only then the numbers are looked at one by one. */
const mayBeInexact = /[\d.]{16}|\d[eE][+-]?\d{3}/;

/** Parses JSON; numbers that would lose digits come as Exact. Throws as JSON.parse does. */
export function parseExact(text: string): unknown {
  if (!mayBeInexact.test(text)) return JSON.parse(text) as unknown;
  const revive = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined ? keepExact(value, context.source) : value;
  return JSON.parse(text, revive) as unknown;
}

export function isExact(value: unknown): value is Exact {
  return typeof value === 'object' && value !== null && mark in value;
}

/** One way of writing for each number, however it was written. */
export function exactDigits(value: Exact): string {
  const { sign, digits, exponent } = decimalOf(value.text);
  return `${sign}${digits}e${exponent}`;
}

function keepExact(value: number, source: string): number | Exact {
  if (source.length <= safeDigits && !/e/i.test(source)) return value;
  const { digits, exponent } = decimalOf(source);
  const isSafe = digits.length <= safeDigits && Math.abs(exponent) <= safeExponent;
  return isSafe || digits === '' ? value : { [mark]: true, text: source };
}

/** `digits` without zeros at either end; the number is digits × 10^exponent. */
function decimalOf(source: string): { sign: string; digits: string; exponent: number } {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const all = `${whole}${fraction}`;
  const digits = trimZeros(all);
  const cut = all.length - digits.length;
  return {
    sign,
    digits: digits.replace(/^0+/, ''),
    exponent: Number(power) - fraction.length + cut,
  };
}

/** Not a regular expression: /0+$/ takes quadratic time on zeros that do not end the text. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
