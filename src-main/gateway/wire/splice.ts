const [quote, backslash, comma, open, close] = Buffer.from('"\\,{}') as unknown as [
  number,
  number,
  number,
  number,
  number,
];
const [bracket, endBracket] = Buffer.from('[]') as unknown as [number, number];

/** A value in a line, from its first byte to the one behind it. */
export interface Span {
  readonly value: number;
  readonly end: number;
}

export interface Member extends Span {
  readonly key: string;
  readonly start: number;
}

/** Bytes of a line that give way to others. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A line with some bytes changed, every other as it was. The changes are in their order and apart from each other. */
export function change(line: Buffer, changes: readonly Change[]): Buffer {
  let from = 0;
  const pieces = changes.flatMap(({ start, end, text }) => {
    const before = line.subarray(from, start);
    from = end;
    return [before, Buffer.from(text)];
  });
  return Buffer.concat([...pieces, line.subarray(from)]);
}

/**
 * A JSON line without some members of its object `result`, and with others as the one member `result` of an object;
 * every other byte as it was: numbers that JSON.parse would round stay what they are. The line has to be valid JSON;
 * null where it has no such object.
 */
export function spliceResult(
  line: Buffer,
  unwanted: readonly string[],
  wrapped: readonly string[] = [],
): { readonly line: Buffer; readonly start: number; readonly removed: number } | null {
  const at = resultAt(line);
  if (at === null) return null;
  const members = membersOf(line, at);
  const kept = members.filter(({ key }) => !unwanted.includes(key));
  const last = members.at(-1);
  if (!last) return null;
  const separator = Buffer.of(comma);
  const pieces = kept.flatMap(({ key, start, value, end }, index) => [
    ...(index === 0 ? [] : [separator]),
    ...(wrapped.includes(key)
      ? [line.subarray(start, value), wrapHead, line.subarray(value, end), wrapTail]
      : [line.subarray(start, end)]),
  ]);
  const spliced = Buffer.concat([line.subarray(0, at + 1), ...pieces, line.subarray(last.end)]);
  return { line: spliced, start: at, removed: line.length - spliced.length };
}

const wrapHead = Buffer.from('{"result":');
const wrapTail = Buffer.from('}');

/** The byte at which the object `result` of a message opens; null where it has none. */
export function resultAt(line: Buffer): number | null {
  const at = membersOf(line, line.indexOf(open)).findLast(({ key }) => key === 'result')?.value;
  return at === undefined || line[at] !== open ? null : at;
}

/** The elements of the array that opens at a byte; none where something else does. */
export function elementsOf(line: Buffer, from: number): Span[] {
  const elements: Span[] = [];
  if (line[from] !== bracket) return elements;
  let at = afterSpace(line, from + 1);
  while (at < line.length && line[at] !== endBracket) {
    const end = afterValue(line, at);
    elements.push({ value: at, end });
    at = afterSpace(line, end);
    if (line[at] === comma) at = afterSpace(line, at + 1);
  }
  return elements;
}

/** The members of the object that opens at a byte; none where something else does. */
export function membersOf(line: Buffer, from: number): Member[] {
  const members: Member[] = [];
  if (line[from] !== open) return members;
  let at = afterSpace(line, from + 1);
  while (at < line.length && line[at] !== close) {
    const start = at;
    at = afterString(line, at);
    const key = keyOf(line, start, at);
    // Past the colon.
    const value = afterSpace(line, afterSpace(line, at) + 1);
    const end = afterValue(line, value);
    members.push({ key, start, value, end });
    at = afterSpace(line, end);
    if (line[at] === comma) at = afterSpace(line, at + 1);
  }
  return members;
}

/** The first byte that is no space. */
export function afterSpace(line: Buffer, from: number): number {
  let at = from;
  while ((line[at] ?? quote) <= 0x20) at += 1;
  return at;
}

/** A key as it is meant: `"\u0075ri"` is `uri` too. */
function keyOf(line: Buffer, start: number, end: number): string {
  const text = line.toString('utf8', start + 1, end - 1);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Behind the string that opens at a byte. */
function afterString(line: Buffer, from: number): number {
  let at = line.indexOf(quote, from + 1);
  while (at >= 0 && isEscaped(line, at)) at = line.indexOf(quote, at + 1);
  return at < 0 ? line.length : at + 1;
}

function isEscaped(line: Buffer, quoteAt: number): boolean {
  let at = quoteAt;
  while (line[at - 1] === backslash) at -= 1;
  return (quoteAt - at) % 2 === 1;
}

function afterValue(line: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < line.length;) {
    const byte = line[at];
    if (byte === quote) {
      at = afterString(line, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === open || byte === bracket) depth += 1;
    else if (byte === close || byte === endBracket) {
      // The end of what is around a number or a word.
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === comma || (byte ?? 0) <= 0x20)) return at;
    at += 1;
  }
  return line.length;
}
