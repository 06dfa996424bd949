import assert from 'node:assert/strict';
import test from 'node:test';
import { parseWorkspaceFile } from '../../../src-main/gateway/config/workspace-file.ts';
import { longestTurn } from '../../helpers/longest-turn.ts';
import { verifies } from '../../helpers/requirements.ts';

const parse = (text: string) => parseWorkspaceFile(text, '/r/.mcp-profiles.toml');
const bound = (connector: string, ...bindings: object[]) => ({ kind: 'bound', connector, bindings });
const binding = (profile: string, alias: string, note: string | null = null) => ({ profile, alias, note });
/** `line connector: message` of each problem. */
const problemsOf = (text: string): string[] =>
  parse(text).problems.map(({ line, connector, message }) => `${line} ${connector}: ${message}`);

test('a table binds one account, a list of tables several; the alias is the name where none is given', () => {
  verifies('NUC-041');
  assert.deepEqual(parse('[supabase]\nprofile = "atlas"\n').connectors, [
    bound('supabase', binding('supabase:atlas', 'atlas')),
  ]);
  assert.deepEqual(parse('[supabase]\nprofile = "atlas"\nalias = "main"\nnote = "PRODUCTION"\n').connectors, [
    bound('supabase', binding('supabase:atlas', 'main', 'PRODUCTION')),
  ]);
  assert.deepEqual(
    parse(
      '[[supabase]]\nprofile = "atlas"\n[[supabase]]\nprofile = "atlas"\nalias = "again"\n[github]\nprofile = "me"\n',
    ).connectors,
    [
      bound('supabase', binding('supabase:atlas', 'atlas'), binding('supabase:atlas', 'again')),
      bound('github', binding('github:me', 'me')),
    ],
  );
  assert.deepEqual(
    parse('\ufeffsupabase = [{ profile = "supabase:atlas", note = "  " }]\r\ngithub = { profile = "me" }\r\n')
      .connectors,
    [bound('supabase', binding('supabase:atlas', 'atlas')), bound('github', binding('github:me', 'me'))],
  );
  for (const text of ['', '# nothing\n']) assert.deepEqual(parse(text).connectors, []);
});

test('a connector whose lines are all wrong shows nothing, and keeps nothing from the others', () => {
  verifies('NUC-042');
  const { connectors, problems } = parse(
    'mail = "me"\n[gateway]\nmode = "x"\n[[supabase]]\nprofile = "a"\nalias = "x"\n[[supabase]]\nprofile = "b"\nalias = "x"\n[github]\nprofile = "me"\n',
  );
  assert.deepEqual(connectors, [
    bound('mail'),
    bound('gateway'),
    bound('supabase', binding('supabase:a', 'x')),
    bound('github', binding('github:me', 'me')),
  ]);
  assert.deepEqual(
    problems.map(({ line, message }) => [line, message]),
    [
      [1, 'mail must be a table'],
      [3, 'unknown key "mode"'],
      [2, 'profile is required'],
      [9, 'alias "x" is given twice for supabase; the first one counts'],
    ],
  );
  assert.ok(problems.every(({ fix, file }) => fix !== '' && file === '/r/.mcp-profiles.toml'));
});

test('a file that is no TOML says nothing, and says where', () => {
  verifies('NUC-042');
  const twice = parse('[supabase]\nprofile = "a"\n[[supabase]]\nprofile = "b"\n');
  assert.equal(twice.isReadable, false);
  assert.deepEqual(twice.connectors, []);
  assert.equal(twice.problems.length, 1);
  assert.equal(twice.problems[0]?.line, 3);
  assert.match(twice.problems[0]?.fix ?? '', /\[\[connector\]\]/);
  assert.equal(parse('supabase = \n').isReadable, false);
  assert.equal(parse('[__proto__]\nprofile = "a"\n').connectors.length, 0);
});

test('an alias or a name outside the charset is refused with the character', () => {
  verifies('NUC-043');
  assert.deepEqual(problemsOf('[db]\nprofile = "a"\nalias = "prod env!"\n'), [
    `3 db: invalid alias: name "prod env!" has invalid char ' ' (allowed: a-z 0-9 - _)`,
  ]);
  assert.deepEqual(problemsOf('[db]\nprofile = "a"\nalias = ""\n'), [
    '3 db: invalid alias: the name is empty',
  ]);
  assert.deepEqual(problemsOf('[db]\nprofile = "a/b"\n'), [
    `2 db: invalid profile: name "a/b" has invalid char '/' (allowed: a-z 0-9 - _)`,
  ]);
  // What is wrong is shown without acting on the terminal.
  assert.deepEqual(problemsOf('[db]\nprofile = "a"\nalias = "x\\u001B[2J"\n'), [
    `3 db: invalid alias: name "x[U+001B][2J" has invalid char '[U+001B]' (allowed: a-z 0-9 - _)`,
  ]);
  assert.deepEqual(parse('[db]\nprofile = "a"\nalias = 7\n').connectors, [bound('db')]);
});

test('a note that is long, has lines or hides characters is left out, the account stays', () => {
  verifies('FIX-013');
  for (const [note, why] of [
    ['x'.repeat(201), /longer than 200/],
    ['one\\ntwo', /more than one line/],
    ['one\\u2028two', /more than one line/],
    ['a\\u200bb', /nobody can see/],
    ['a\\u202eb', /nobody can see/],
    ['a\\u001b[31m', /nobody can see/],
    ['a\\U000E0041', /nobody can see/],
    ['a\\ufe0f', /nobody can see/],
    ['a\\u3164', /nobody can see/],
  ] as const) {
    const { connectors, problems } = parse(`[db]\nprofile = "a"\nnote = "${note}"\n`);
    assert.deepEqual(connectors, [bound('db', binding('db:a', 'a'))], note);
    assert.match(problems.map(({ message }) => message).join(), why, note);
  }
  for (const note of ['x'.repeat(200), 'PRODUCTION – ask first', '⚠️ Kunde: Müller & Söhne', '本番'])
    assert.deepEqual(parse(`[db]\nprofile = "a"\nnote = "${note}"\n`).connectors, [
      bound('db', binding('db:a', 'a', note)),
    ]);
});

test('pin without a profile keeps to the account that is meant; beside one it adds nothing', () => {
  verifies('NUC-045');
  assert.deepEqual(parse('[db]\npin = true\n').connectors, [{ kind: 'pinned', connector: 'db' }]);
  assert.deepEqual(parse('[db]\nprofile = "a"\npin = true\n').problems, []);
  assert.match(problemsOf('[db]\nprofile = "a"\npin = false\n').join(), /3 db: pin = false has no meaning/);
  assert.match(problemsOf('[db]\npin = 1\n').join(), /profile is required/);
  assert.deepEqual(parse('[[db]]\npin = true\n').connectors, [bound('db')]);
});

test('a key nobody knows is told with what was meant, and spoils nothing', () => {
  const { connectors, problems } = parse('[db]\nprofile = "a"\nalais = "x"\n');
  assert.deepEqual(connectors, [bound('db', binding('db:a', 'a'))]);
  assert.deepEqual(
    problems.map(({ line, message, fix }) => [line, message, fix]),
    [[3, 'unknown key "alais"', 'did you mean alias?']],
  );
});

test('a file cannot bind or complain without end', () => {
  const many = Array.from({ length: 2_000 }, (_, n) => `[[db]]\nprofile = "p${n}"\nx = 1\n`).join('');
  const { connectors, problems } = parse(many);
  const [only] = connectors;
  assert.equal(only?.kind === 'bound' && only.bindings.length, 500);
  assert.equal(problems.length, 50);
});

test('a key that never ends costs no more than any other line', async () => {
  // Nobody trusted the file yet: it comes with a repository that was opened.
  const { milliseconds, value } = await longestTurn(() =>
    Promise.resolve(parse(`[${'a.'.repeat(8_000)}a]\nx = 1\n`)),
  );
  assert.deepEqual(
    value.problems.map(({ message }) => message),
    ['unknown key "a"', 'profile is required'],
  );
  assert.ok(milliseconds < 500, `${milliseconds} ms`);
});
