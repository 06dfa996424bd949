import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdit, type EntryPath } from '../../../src-main/gateway/hosts/edit.ts';
import { readSection, removeEntry, setEntry } from '../../../src-main/gateway/hosts/json-edit.ts';

const path: EntryPath = ['mcpServers', 'nucleus'];
const value = { command: 'n' };
const readEntry = (text: string, at: EntryPath): object => {
  const { entries, problem } = readSection(text, at);
  return problem === undefined ? { value: entries[at[1]] } : { problem };
};
const set = (text: string): string => applyEdit(text, setEntry(text, path, value));
const remove = (text: string): string => {
  const edit = removeEntry(text, path);
  return edit ? applyEdit(text, edit) : text;
};

/** Text before, with our entry set. Taking it out again gives the text before back, but for the last column. */
const layouts: readonly (readonly [what: string, before: string, after: string, removed?: string])[] = [
  [
    'an object of several lines',
    '{\n  "mcpServers": {\n    "fs": { "command": "x",   "args": [] }\n  },\n  "z": 1\n}\n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    },\n    "fs": { "command": "x",   "args": [] }\n  },\n  "z": 1\n}\n',
  ],
  [
    'a file indented with tabs and without a last newline',
    '{\n\t"mcpServers": {\n\t\t"fs": {}\n\t}\n}',
    '{\n\t"mcpServers": {\n\t\t"nucleus": {\n\t\t\t"command": "n"\n\t\t},\n\t\t"fs": {}\n\t}\n}',
  ],
  [
    'a file indented by four',
    '{\n    "mcpServers": {\n        "fs": {}\n    }\n}\n',
    '{\n    "mcpServers": {\n        "nucleus": {\n            "command": "n"\n        },\n        "fs": {}\n    }\n}\n',
  ],
  [
    'a file with CRLF',
    '{\r\n  "mcpServers": {\r\n    "fs": {}\r\n  }\r\n}\r\n',
    '{\r\n  "mcpServers": {\r\n    "nucleus": {\r\n      "command": "n"\r\n    },\r\n    "fs": {}\r\n  }\r\n}\r\n',
  ],
  [
    'a minified file',
    '{"a":{"token":"s"},"mcpServers":{"fs":{}},"b":[1,2]}',
    '{"a":{"token":"s"},"mcpServers":{"nucleus":{"command":"n"},"fs":{}},"b":[1,2]}',
  ],
  [
    'objects on one line with blanks',
    '{ "mcpServers": { "fs": {} } }',
    '{ "mcpServers": { "nucleus":{"command":"n"}, "fs": {} } }',
  ],
  [
    'a file without the section',
    '{\n  "theme": "dark"\n}\n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    }\n  },\n  "theme": "dark"\n}\n',
    '{\n  "mcpServers": {},\n  "theme": "dark"\n}\n',
  ],
  [
    'a minified file without the section',
    '{"theme":"dark"}',
    '{"mcpServers":{"nucleus":{"command":"n"}},"theme":"dark"}',
    '{"mcpServers":{},"theme":"dark"}',
  ],
  [
    'an empty section',
    '{\n  "mcpServers": {},\n  "a": 1\n}\n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    }\n  },\n  "a": 1\n}\n',
  ],
  ['an empty section on the only line', '{"mcpServers":{}}', '{"mcpServers":{"nucleus":{"command":"n"}}}'],
  [
    'a section with nothing but a comment',
    '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    }\n    // none yet\n  }\n}\n',
    '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
  ],
  [
    'a section with a block comment on its line',
    '{\n  "mcpServers": { /* none yet */ }\n}\n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    }\n   /* none yet */ }\n}\n',
    '{\n  "mcpServers": {\n   /* none yet */ }\n}\n',
  ],
  [
    'an empty object',
    '{}',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    }\n  }\n}',
    '{\n  "mcpServers": {}\n}',
  ],
  [
    'comments beside, above and behind',
    '// top\n{ // open\n  "mcpServers": { // servers\n    // files\n    "fs": {} // last\n  } /* end */\n}\n// bottom\n',
    '// top\n{ // open\n  "mcpServers": { // servers\n    "nucleus": {\n      "command": "n"\n    },\n    // files\n    "fs": {} // last\n  } /* end */\n}\n// bottom\n',
  ],
  [
    'trailing commas',
    '{\n  "mcpServers": {\n    "fs": {},\n  },\n}\n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    },\n    "fs": {},\n  },\n}\n',
  ],
  [
    'braces on lines of their own',
    '{\n  "mcpServers":\n  {\n    "fs": {}\n  }\n}\n',
    '{\n  "mcpServers":\n  {\n    "nucleus": {\n      "command": "n"\n    },\n    "fs": {}\n  }\n}\n',
  ],
  [
    'names that mean something to the language',
    '{\n  "__proto__": {},\n  "mcpServers": {\n    "constructor": {}\n  }\n}\n',
    '{\n  "__proto__": {},\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    },\n    "constructor": {}\n  }\n}\n',
  ],
  [
    'a blank text',
    ' \n',
    '{\n  "mcpServers": {\n    "nucleus": {\n      "command": "n"\n    }\n  }\n}\n',
    '{\n  "mcpServers": {}\n}\n',
  ],
];

for (const [what, before, after, removed = before] of layouts) {
  test(`the entry goes into ${what} and nothing else moves`, () => {
    assert.equal(set(before), after);
    assert.deepEqual(readEntry(after, path), { value });
  });
  test(`the entry comes out of ${what} again`, () => assert.equal(remove(after), removed));
}

/** Where others put our entry. */
const removals: readonly (readonly [what: string, before: string, after: string])[] = [
  ['the last place', '{"mcpServers":{"fs":{},"nucleus":{}}}', '{"mcpServers":{"fs":{}}}'],
  [
    'the last line, keeping the comment of the one above',
    '{\n  "mcpServers": {\n    "fs": {}, // files\n    "nucleus": {}\n  }\n}\n',
    '{\n  "mcpServers": {\n    "fs": {} // files\n  }\n}\n',
  ],
  [
    'behind a comment that would swallow the brace',
    '{"mcpServers": {"fs": {}, // files\n "nucleus": {}}}',
    '{"mcpServers": {"fs": {} // files\n }}',
  ],
  ['behind such a comment alone', '{"mcpServers": { // c\n "nucleus": {}}}', '{"mcpServers": { // c\n }}'],
  ['before a trailing comma', '{"mcpServers":{"nucleus":{},}}', '{"mcpServers":{}}'],
  [
    'the last place with a trailing comma',
    '{"mcpServers":{"fs":{}, "nucleus":{},}}',
    '{"mcpServers":{"fs":{}, }}',
  ],
  [
    'the middle of a line',
    '{ "mcpServers": { "a": 1, "nucleus": {}, "b": 2 } }',
    '{ "mcpServers": { "a": 1, "b": 2 } }',
  ],
  [
    'a line with a comment of its own',
    '{\n  "mcpServers": {\n    "nucleus": {}, // mine\n    "fs": {}\n  }\n}\n',
    '{\n  "mcpServers": {\n    // mine\n    "fs": {}\n  }\n}\n',
  ],
  [
    'lines with the comma in front',
    '{ "mcpServers":\n  { "a": 1\n  , "nucleus": {}\n  , "b": 2\n  }\n}\n',
    '{ "mcpServers":\n  { "a": 1\n  , "b": 2\n  }\n}\n',
  ],
];

for (const [what, before, after] of removals)
  test(`the entry comes out of ${what}`, () => assert.equal(remove(before), after));

test('an entry of another value is replaced where it stands, with everything around it', () => {
  assert.equal(
    set('{\n  "mcpServers": {\n    "a": 1, // one\n    "nucleus": {"command": "old"}, // ours\n  }\n}'),
    '{\n  "mcpServers": {\n    "a": 1, // one\n    "nucleus": {\n      "command": "n"\n    }, // ours\n  }\n}',
  );
  assert.equal(set('{"mcpServers":{"nucleus":null}}'), '{"mcpServers":{"nucleus":{"command":"n"}}}');
});

test('a text without the entry is not touched by taking it out', () => {
  for (const text of ['', '{}', '{"mcpServers":{}}', '{"nucleus":{}}'])
    assert.equal(removeEntry(text, path), null);
});

const hostile: readonly (readonly [text: string, problem: string])[] = [
  ['[]', 'is not a JSON object'],
  ['"text"', 'is not a JSON object'],
  ['null', 'is not a JSON object'],
  ['// only words\n', 'is not valid JSON (line 2, column 1)'],
  ['{\r\n  "a": 1\r\n  "b": 2\r\n}', 'is not valid JSON (line 3, column 3)'],
  ['{"a": 1', 'is not valid JSON (line 1, column 8)'],
  ['{} {}', 'is not valid JSON (line 1, column 4)'],
  ["{'a': 1}", 'is not valid JSON (line 1, column 2)'],
  ['{"a": "b\u0001"}', 'is not valid JSON (line 1, column 7)'],
  ['{"mcpServers": []}', 'has a "mcpServers" that is not an object'],
  ['{"mcpServers": null}', 'has a "mcpServers" that is not an object'],
  ['{"mcpServers": "none"}', 'has a "mcpServers" that is not an object'],
  ['{"mcpServers": {}, "mcpServers": {}}', 'has "mcpServers" twice'],
  ['{"mcpServers": {"nucleus": {}, "nucleus": {}}}', 'has "nucleus" twice in "mcpServers"'],
  ['{"mcpServers": {"\\u006eucleus": {}, "nucleus": {}}}', 'has "nucleus" twice in "mcpServers"'],
  [`{"a": ${'['.repeat(200_000)}`, 'is nested too deep to be read'],
];

for (const [text, problem] of hostile)
  test(`${JSON.stringify(text.slice(0, 50))} is refused with the reason`, () => {
    assert.deepEqual(readEntry(text, path), { problem });
    assert.throws(() => setEntry(text, path, value), new RegExp('the text (is|has)'));
  });

test('names that occur twice elsewhere are nobody’s business', () => {
  assert.equal(
    set('{"a":1,"a":2,"mcpServers":{"x":1,"x":2}}'),
    '{"a":1,"a":2,"mcpServers":{"nucleus":{"command":"n"},"x":1,"x":2}}',
  );
});

test('whatever the layout, an edit changes the entry alone and loses no comment', () => {
  const gaps = [' ', '\n', '\r\n\t', '// #\n', ' /* # */ ', '/* #\n# */'];
  const comments = (text: string): number => text.split('#').length;
  for (const entries of [
    '"n":1,"nucleus":2,"b":3',
    '"nucleus":2,"b":3',
    '"n":1,"nucleus":2',
    '"nucleus":2,',
  ]) {
    const parts = ['{', '"mcpServers":', '{', ...entries.split(/(?=,)|(?<=,)/), '}', '}'];
    const text = (at: number, one: string, other: number, two: string): string =>
      parts.map((part, i) => part + (i === at ? one : '') + (i === other ? two : '')).join('');
    for (let at = 0; at < parts.length; at++)
      for (let other = at; other < parts.length; other++)
        for (const one of gaps)
          for (const two of gaps) {
            const before = text(at, one, other, two);
            // Both read back what they made and throw when more than the entry changed.
            const without = remove(before);
            assert.deepEqual(readEntry(without, path), { value: undefined }, before);
            const after = set(without);
            assert.deepEqual(readEntry(after, path), { value }, before);
            assert.equal(comments(without), comments(before), before);
            assert.equal(comments(after), comments(before), before);
            assert.equal(comments(set(before)), comments(before), before);
          }
  }
});

test('a text of megabytes is read as a short one is', () => {
  const filler = JSON.stringify('x'.repeat(200_000));
  const servers = '{"a":{"command":"x"},"nucleus":{"command":"n"}}';
  const read = (text: string) => readSection(text, path);
  for (const [long, short] of [
    [`{"z":${filler},"mcpServers":${servers}}`, `{"mcpServers":${servers}}`],
    [`{"z":${filler}}`, '{}'],
    [`{"z":${filler},"mcpServers":[]}`, '{"mcpServers":[]}'],
    [`[${filler}]`, '[]'],
    [`{"z":${filler}, // c\n"mcpServers":${servers},}`, `{"mcpServers":${servers}}`],
  ] as const)
    assert.deepEqual(read(long), read(short));
  assert.match(read(`{"z":${filler},}}`).problem ?? '', /^is not valid JSON/);
  const long = `{"z":${filler}}`;
  assert.equal(remove(set(long)), `{"z":${filler}}`.replace('{', '{"mcpServers":{},'));
});
