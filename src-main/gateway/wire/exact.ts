/*
 * JSON in which no number is lost: one that no double holds (an id of 64 bits, 1e400) stays the text it was, and is
 * written as that again. Everything else is as JSON.parse makes it.
 */

/** What the language has since 2025 and its types here do not know yet (TC39, "JSON.parse source text access"). */
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

/** Where a number stands that may be more than a double holds; a look that costs little decides whether to look closely. */
const suspect = /[:,[\s]-?(?:\d[\d.]{15}|\d[\d.]*[eE][+-]?\d\d)/;

/** Reads JSON; throws where it is none. */
export function parseExactly(text: string): unknown {
  if (!suspect.test(text)) return JSON.parse(text) as unknown;
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && isLost(value, source) ? json.rawJSON(source) : value,
  );
}

/** The text of a number that no double holds; undefined for every other value. */
export function numberText(value: unknown): string | undefined {
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}

/** Whether a number would come out as another one, and not only be written in another way. */
function isLost(value: number, source: string): boolean {
  return String(value) !== source && canonical(String(value)) !== canonical(source);
}

const parts = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** The same text for all ways to write one number, but for its sign. */
function canonical(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = parts.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  // Infinity has no digits either, and is no zero.
  if (significant === '') return parts.test(text) ? '0' : text;
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
