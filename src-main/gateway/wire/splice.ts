const [quote, backslash, comma, open, close] = Buffer.from('"\\,{}') as unknown as [
  number,
  number,
  number,
  number,
  number,
];
const [bracket, endBracket] = Buffer.from('[]') as unknown as [number, number];

interface Member {
  readonly key: string;
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

/**
 * A JSON line without some members of its object `result`, every other byte as it was: numbers that JSON.parse would
 * round stay what they are. The line has to be valid JSON; null where it has no such object.
 */
export function spliceResult(
  line: Buffer,
  unwanted: readonly string[],
): { readonly line: Buffer; readonly start: number; readonly removed: number } | null {
  const at = membersOf(line, line.indexOf(open)).findLast(({ key }) => key === 'result')?.value;
  if (at === undefined || line[at] !== open) return null;
  const members = membersOf(line, at);
  const kept = members.filter(({ key }) => !unwanted.includes(key));
  const last = members.at(-1);
  if (!last) return null;
  const separator = Buffer.of(comma);
  const pieces = kept.flatMap(({ start, end }, index) =>
    index === 0 ? [line.subarray(start, end)] : [separator, line.subarray(start, end)],
  );
  const spliced = Buffer.concat([line.subarray(0, at + 1), ...pieces, line.subarray(last.end)]);
  return { line: spliced, start: at, removed: line.length - spliced.length };
}

/** The members of the object that opens at a byte. */
function membersOf(line: Buffer, from: number): Member[] {
  const members: Member[] = [];
  let at = afterSpace(line, from + 1);
  while (at < line.length && line[at] !== close) {
    const start = at;
    at = afterString(line, at);
    const key = line.toString('utf8', start + 1, at - 1);
    // Past the colon.
    const value = afterSpace(line, afterSpace(line, at) + 1);
    const end = afterValue(line, value);
    members.push({ key, start, value, end });
    at = afterSpace(line, end);
    if (line[at] === comma) at = afterSpace(line, at + 1);
  }
  return members;
}

function afterSpace(line: Buffer, from: number): number {
  let at = from;
  while ((line[at] ?? quote) <= 0x20) at += 1;
  return at;
}

/** Behind the string that opens at a byte. */
function afterString(line: Buffer, from: number): number {
  let at = from + 1;
  while (at < line.length && line[at] !== quote) at += line[at] === backslash ? 2 : 1;
  return at + 1;
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
