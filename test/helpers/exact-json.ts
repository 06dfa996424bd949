/** JSON as it is written: numbers keep their digits, objects members of the same name. */
export type Exact =
  | { readonly kind: 'word' | 'number' | 'string'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Exact[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: Exact])[] };

const token = /\s*(?:([{}[\]:,])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y;

/** Reads a JSON text; throws where it is none. */
export function parseExact(text: string): Exact {
  let at = 0;
  function next(): RegExpExecArray {
    token.lastIndex = at;
    const found = token.exec(text);
    if (!found) throw new Error(`no JSON at ${at}: ${text.slice(at, at + 40)}`);
    at = token.lastIndex;
    return found;
  }
  const peek = (): string => /\S/.exec(text.slice(at, at + 100))?.[0] ?? '';

  function value(): Exact {
    const [, mark, quoted, digits, word] = next();
    if (quoted !== undefined) return { kind: 'string', text: JSON.parse(quoted) as string };
    if (digits !== undefined) return { kind: 'number', text: digits };
    if (word !== undefined) return { kind: 'word', text: word };
    if (mark === '[') return { kind: 'array', items: several(']', value) };
    if (mark !== '{') throw new Error(`unexpected ${mark} before ${at}`);
    return { kind: 'object', members: several('}', member) };
  }

  function member(): readonly [string, Exact] {
    const name = JSON.parse(next()[2] ?? 'null') as string;
    next();
    return [name, value()];
  }

  function several<T>(end: string, one: () => T): T[] {
    const found: T[] = [];
    if (peek() === end) {
      next();
      return found;
    }
    do found.push(one());
    while (next()[1] === ',');
    return found;
  }
  return value();
}

/** The text of a member of the outermost object, byte for byte; undefined without one. */
export function textOf(message: string, name: string): string | undefined {
  const marks = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  let depth = 0;
  let key = '';
  let from = -1;
  for (let found = marks.exec(message); found; found = marks.exec(message)) {
    const [mark] = found;
    if (mark.startsWith('"')) {
      if (depth === 1 && from < 0) key = JSON.parse(mark) as string;
    } else if (mark === ':' && depth === 1) from = marks.lastIndex;
    else if ('{['.includes(mark)) depth += 1;
    else if ((mark === ',' && depth === 1) || ('}]'.includes(mark) && --depth === 0)) {
      if (key === name && from >= 0) return message.slice(from, found.index).trim();
      from = -1;
    }
  }
  return undefined;
}

/** What one has and the other has not, each as a path with what happened there. */
export function differences(before: Exact, after: Exact, path = ''): string[] {
  if (before.kind === 'object' && after.kind === 'object') return memberDifferences(before, after, path);
  if (before.kind === 'array' && after.kind === 'array') {
    const longest = Math.max(before.items.length, after.items.length);
    return Array.from({ length: longest }, (_, index) => {
      const [one, other] = [before.items[index], after.items[index]];
      if (one && other) return differences(one, other, `${path}[${index}]`);
      return [`${path}[${index}] ${one ? 'is gone' : 'was added'}`];
    }).flat();
  }
  const isSame =
    before.kind === after.kind &&
    'text' in before &&
    'text' in after &&
    meaningOf(before) === meaningOf(after);
  return isSame ? [] : [`${path} was ${shown(before)} and is ${shown(after)}`];
}

/** The same for all ways to write one number: 1.0, 1 and 10e-1. */
function meaningOf({ kind, text }: { readonly kind: string; readonly text: string }): string {
  if (kind !== 'number') return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)0*(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/0+$/, '');
  if (/^0*$/.test(digits)) return '0';
  return `${sign}${digits.replace(/^0+/, '')}e${Number(exponent) - fraction.length + whole.length + fraction.length - digits.length}`;
}

type Members = Extract<Exact, { readonly kind: 'object' }>;

function memberDifferences(before: Members, after: Members, path: string): string[] {
  const names = [...new Set([...before.members, ...after.members].map(([name]) => name))];
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const found = names.flatMap((name) => {
    const of = ({ members }: Members): Exact[] =>
      members.flatMap(([own, value]) => (own === name ? [value] : []));
    const [ones, others] = [of(before), of(after)];
    if (ones.length > others.length) return [`${at(name)} is gone`];
    if (ones.length < others.length) return [`${at(name)} was added`];
    return ones.flatMap((one, index) => differences(one, others[index] as Exact, at(name)));
  });
  return found;
}

function shown(value: Exact): string {
  if (value.kind === 'string') return JSON.stringify(value.text).slice(0, 80);
  return 'text' in value ? value.text : value.kind;
}
