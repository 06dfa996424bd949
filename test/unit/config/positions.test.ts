import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'smol-toml';
import { locateKeys } from '../../../src-main/gateway/config/positions.ts';
import type { KeyPath } from '../../../src-main/gateway/config/key-path.ts';

/** `line:column` of a path, or null. */
const at = (text: string, path: KeyPath): string | null => {
  const position = locateKeys(text)(path);
  return position && `${position.line}:${position.column}`;
};

const document = `# [fake]
top = 1 # key = "x"
[a]
"quoted key" = "[b]"
'single' = 'x = 1'
text = """
b = 1
[a.c] \\" """
raw = '''
c = 2
[z]'''
  indented = true

[ a . b ]   # with spaces
d.e . "f" = 1979-05-27 07:32:00
list = [
  1, "]", # ] comment
  { x = 1, y.z = [ [ 2 ] ] },
]
inline = { k = "}", "l m" = { n = 1 } }
[[items]]
name = "one"
[items.sub]
p = 1
[[items]]
name = "two"
[[items.deep]]
q = 1
[[items.deep]]
q = 2
"\\u0065sc\\x61ped\\n" = 1
`;

test('keys are found wherever TOML lets them stand', () => {
  parse(document);
  const table: [KeyPath, string][] = [
    [['top'], '2:1'],
    [['a'], '3:2'],
    [['a', 'quoted key'], '4:1'],
    [['a', 'single'], '5:1'],
    [['a', 'text'], '6:1'],
    [['a', 'raw'], '9:1'],
    [['a', 'indented'], '12:3'],
    [['a', 'b'], '14:7'],
    [['a', 'b', 'd'], '15:1'],
    [['a', 'b', 'd', 'e'], '15:3'],
    [['a', 'b', 'd', 'e', 'f'], '15:7'],
    [['a', 'b', 'list', 0], '17:3'],
    [['a', 'b', 'list', 1], '17:6'],
    [['a', 'b', 'list', 2], '18:3'],
    [['a', 'b', 'list', 2, 'x'], '18:5'],
    [['a', 'b', 'list', 2, 'y', 'z', 0, 0], '18:22'],
    [['a', 'b', 'inline', 'l m', 'n'], '20:31'],
    [['items'], '21:3'],
    [['items', 0, 'name'], '22:1'],
    [['items', 0, 'sub', 'p'], '24:1'],
    [['items', 1], '25:3'],
    [['items', 1, 'name'], '26:1'],
    [['items', 1, 'deep', 0, 'q'], '28:1'],
    [['items', 1, 'deep', 1, 'q'], '30:1'],
    [['items', 1, 'deep', 1, 'escaped\n'], '31:1'],
  ];
  for (const [path, place] of table) assert.equal(at(document, path), place, JSON.stringify(path));
});

test('what only looks like a key is none', () => {
  for (const path of [['fake'], ['key'], ['b'], ['a', 'x'], ['a', 'c'], ['c'], ['z'], ['a', 'b', 'x']])
    assert.equal(at(document, path), null, JSON.stringify(path));
});

test('lines end with CRLF too', () => {
  assert.equal(at(document.replaceAll('\n', '\r\n'), ['items', 1, 'deep', 1, 'q']), '30:1');
});

test('a document that is not understood has no positions at all', () => {
  for (const text of [
    'a = 1\nb = \nc = 1',
    'a = 1\n[b',
    'a = 1\n"b = 2',
    'a = 1\nc d = 2',
    'a = 1\nb = [1 2]',
  ])
    assert.equal(at(text, ['a']), null, text);
});

test('quotes at the end of a long text belong to it', () => {
  const quotes = 'a = """x""""\nb = """"x"""""\nc = \'\'\'x\'\'\'\'\nd = """"""\ne = "\\\\"\nf = 1';
  parse(quotes);
  assert.equal(at(quotes, ['f']), '6:1');
});

test('a text of a megabyte is no trouble', () => {
  for (const quote of ['"', "'", '"""', "'''"]) {
    const text = `a = ${quote}${'x'.repeat(1_000_000)}${quote}\nb = 1`;
    assert.equal(at(text, ['b']), '2:1', quote);
  }
});

test('every key of documents made at random is found where it was written', () => {
  const seed = (Number(process.env['NUCLEUS_SEED']) || Date.now()) >>> 0;
  const random = randomFrom(seed);
  for (let round = 0; round < 300; round++) {
    const { text, keys } = makeDocument(random);
    const why = `NUCLEUS_SEED=${seed} round ${round}:\n${text}`;
    try {
      parse(text);
    } catch (error) {
      assert.fail(`${why}\nis no TOML: ${String(error)}`);
    }
    const locate = locateKeys(text);
    for (const [path, line] of keys)
      assert.equal(locate(path)?.line, line, `${why}\n${JSON.stringify(path)}`);
  }
});

type Random = (below: number) => number;

function randomFrom(seed: number): Random {
  let state = seed || 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Tables with every kind of key and value, full of what looks like something else. */
function makeDocument(random: Random): { text: string; keys: [KeyPath, number][] } {
  const lines: string[] = [];
  const keys: [KeyPath, number][] = [];
  const lists = new Map<string, number>();
  const pick = <T>(choices: readonly T[]): T => choices[random(choices.length)] as T;
  const values = [
    '1',
    '-1.5e3',
    'true',
    '1979-05-27T07:32:00Z',
    '"# no [comment] = \\" "',
    "'[no] = # \\'",
    '"""\nk0 = 1\n[t0]\n"""',
    "'''\nk0 = 1 # x\n'''",
    '[1, [ "]" , 2 ], # c ]\n  3]',
    '{ k0 = 1, "k 1" = { k2 = [ { k3 = "}" } ] } }',
    '[]',
    '{}',
  ];
  for (let table = 0; table < 6; table++) {
    let path: KeyPath = [];
    if (table > 0) {
      const name = `t${table % 3}`;
      const isList = table % 3 === 2;
      if (!isList && lists.has(name)) continue;
      const count = lists.get(name) ?? 0;
      lists.set(name, count + 1);
      lines.push(...pick([[], ['# [t9]'], ['', '\t']]));
      lines.push(isList ? `[[ ${name} ]] # x` : pick([`[${name}]`, `[ "${name}" ]`]));
      path = isList ? [name, count] : [name];
      keys.push([path, lines.length]);
    }
    for (let index = 0; index < random(5); index++) {
      const name = `k${index}`;
      const [written, parts] = pick([
        [name, [name]],
        [`"${name} ="`, [`${name} =`]],
        [`'${name}#'`, [`${name}#`]],
        [`${name}d . "x.y"`, [`${name}d`, 'x.y']],
      ] as const);
      keys.push([[...path, ...parts], lines.length + 1]);
      lines.push(...`${pick(['', '  '])}${written} = ${pick(values)} # k9 = 1`.split('\n'));
    }
  }
  return { text: lines.join(pick(['\n', '\r\n'])), keys };
}
