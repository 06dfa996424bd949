import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { parsePolicy, readPolicyText } from '../../../src-main/gateway/policy/policy-file.ts';
import { warningsOf } from '../../../src-main/gateway/policy/warnings.ts';
import type { PolicyFile } from '../../../src-shared/policy.ts';
import { verifies } from '../../helpers/requirements.ts';

const rule = (lines: string): string => `[[rule]]\n${lines}\n`;

/** `line:column message` of each problem. */
const problemsOf = (text: string): string[] => {
  const { file, problems } = parsePolicy(text);
  assert.equal(file === null, problems.length > 0);
  return problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
};

test('a file of the original is read as it is', () => {
  verifies('NUC-081', 'NUC-088');
  const text = `
# protects production
[[rule]]
match = "supabase:prod"
deny = ["delete_project", "reset_*"]
confirm = []
reason = "PROD"

[[rule]]
match = "*:*"
confirm = ["*_sql"]
phrase = ""
`;
  assert.deepEqual(parsePolicy(text), {
    file: {
      defaults: true,
      rule: [
        { match: 'supabase:prod', deny: ['delete_project', 'reset_*'], confirm: [], reason: 'PROD' },
        { match: '*:*', confirm: ['*_sql'], phrase: '' },
      ],
    },
    problems: [],
  });
});

test('what is wrong is told with its place and what to do', () => {
  verifies('NUC-090');
  for (const [text, ...wanted] of [
    ['[[rule]]\ndeny = [', '2:8 this is not TOML: unfinished array; correct the file'],
    [
      rule('match = "a:b"\ndeni = ["*"]\nallow = ["x"]'),
      '3:1 unknown key deni of rule 1; did you mean deny?',
    ],
    ['[[rules]]\ndeny = ["*"]', '1:3 unknown key rules; did you mean rule?'],
    ['default = false', '1:1 unknown key default; did you mean defaults?'],
    [
      '[[rule]]\ndeny = "*"',
      '2:1 deny of rule 1 must be a list of at most 500 texts, and is a text; correct the file',
    ],
    [
      rule('env = "prodd"\ndeny = ["*"]'),
      '2:1 env of rule 1 must be one of prod, staging, dev, personal, or a list of them; correct the file',
    ],
    [rule('approve = "robot"'), '2:1 approve of rule 1 must be "human"; correct the file'],
    [
      rule('approve = "human"\napprove_via = ["phone"]'),
      '3:16 approve_via[0] of rule 1 must be one of app, terminal, system, client; correct the file',
    ],
    [
      rule('match = "supabase"\ndeny = ["*"]'),
      '2:1 match of rule 1 must be of the form "connector:name", each side a whole name or *; correct the file',
    ],
    [
      rule('arguments = { a = 1 }\ndeny = ["*"]'),
      '2:15 arguments.a of rule 1 must be a text in quotes, or a list of them; correct the file',
    ],
    ['rule = "x"', '1:1 rule must be a list of tables, and is a text; correct the file'],
    ['defaults = "no"', '1:1 defaults must be true or false, and is a text; correct the file'],
    [
      rule('match = "a:b"\nreason = "why"'),
      '1:3 rule 1 does nothing: it has neither deny, confirm, allow nor approve; correct the file',
    ],
    [
      rule('deny = []'),
      '1:3 rule 1 does nothing: it has neither deny, confirm, allow nor approve; correct the file',
    ],
    [
      rule('deny = ["*"]\napprove = "human"'),
      '3:1 approve of rule 1 needs confirm beside deny or allow, so that it says which calls a person is asked about; correct the file',
    ],
    [
      rule('confirm = []\napprove = "human"'),
      '2:1 confirm of rule 1 is empty, so that a person would be asked about nothing; correct the file',
    ],
    [
      rule('deny = ["*"]\napprove_via = ["app"]'),
      '3:1 approve_via of rule 1 does nothing without approve = "human"; correct the file',
    ],
    [
      rule('deny = ["*"]\ngrants = false'),
      '3:1 grants of rule 1 does nothing without approve = "human"; correct the file',
    ],
    [
      rule('alias = "a"\nallow = ["*"]'),
      '2:1 alias of rule 1 cannot decide what is allowed, as clients choose aliases; name profiles by match or profile; correct the file',
    ],
    [
      rule('deny = ["*"]') + rule('deny = [""]'),
      '4:9 deny[0] of rule 2 must be a text in quotes; correct the file',
    ],
    [
      rule('"__proto__" = 1\ndeny = ["*"]'),
      '2:1 this is not TOML: document contains an unsafe property; correct the file',
    ],
  ] as const)
    assert.deepEqual(problemsOf(text), wanted, text);
});

test('all problems are told, in the order of the file, fifty at most', () => {
  const text = `${rule('deny = 1')}defaults = 5\n${rule('env = "x"\ndeny = ["*"]\nfoo = 1')}`;
  assert.deepEqual(
    problemsOf(text).map((problem) => problem.split(' ')[0]),
    ['2:1', '3:1', '5:1', '7:1'],
  );
  const many = rule(Array.from({ length: 20_000 }, (_, index) => `k${index} = 1`).join('\n'));
  assert.equal(problemsOf(many).length, 50);
});

test('nothing that is nested without end is read, and it is no end of us', () => {
  assert.match(problemsOf(`x = ${'['.repeat(200_000)}`)[0] ?? '', /this is not TOML/);
});

test('a byte order mark and ends of lines of Windows are fine', () => {
  assert.deepEqual(problemsOf('\ufeff[[rule]]\r\nmatch = "a:b"\r\ndeny = ["*"]\r\n'), []);
  assert.deepEqual(problemsOf('\ufeff[[rule]]\r\nmatch = "a:b"\r\nden = ["*"]\r\n'), [
    '3:1 unknown key den of rule 1; did you mean deny?',
  ]);
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'nucleus-policy-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('only a text file of a sensible size is read, and nothing else is waited for', (t) => {
  const root = folder(t);
  const path = join(root, 'policy.toml');
  const put = (content: string | Buffer): string => {
    const file = join(root, 'file');
    writeFileSync(file, content);
    return file;
  };
  assert.deepEqual(readPolicyText(path), { text: null });
  writeFileSync(path, 'defaults = true\n');
  assert.deepEqual(readPolicyText(path), { text: 'defaults = true\n' });
  symlinkSync(path, join(root, 'link'));
  assert.deepEqual(readPolicyText(join(root, 'link')), { text: 'defaults = true\n' });

  const problem = (file: string): string => {
    const { line, column, message } = readPolicyText(file).problem ?? assert.fail('was read');
    return `${line}:${column} ${message}`;
  };
  mkdirSync(join(root, 'folder'));
  assert.match(problem(join(root, 'folder')), /is not a regular file|is not a folder/);
  execFileSync('mkfifo', [join(root, 'fifo')]);
  assert.match(problem(join(root, 'fifo')), /is not a regular file; move it away/);
  assert.match(problem(put('#'.repeat(1_048_577))), /larger than 1 MiB/);
  const bytes = Buffer.concat([Buffer.from('a = 1\nbb = "'), Buffer.from([0xff]), Buffer.from('"\n')]);
  assert.equal(problem(put(bytes)), '2:7 the file is not UTF-8 text; save it as UTF-8');
});

test('what is allowed and likely not meant is a warning', () => {
  const profiles = ['db:prod', 'db:dev'];
  const warnings = (text: string): string[] => {
    const { file, problems } = parsePolicy(text);
    assert.deepEqual(problems, []);
    return warningsOf(file as PolicyFile, text, profiles).map(({ severity, line, column, message }) => {
      assert.equal(severity, 'warning');
      return `${line}:${column} ${message}`;
    });
  };
  for (const match of ['db:prod', 'DB:Dev', '*:prod', 'db:*', '*:*', ' db : prod '])
    assert.deepEqual(warnings(rule(`match = "${match}"\ndeny = ["x"]`)), [], match);
  for (const [text, ...wanted] of [
    [
      rule('match = "db:main"\ndeny = ["x"]'),
      '2:1 match "db:main" of rule 1 fits no profile there is; if it names an alias, clients may choose those themselves, so name the profile (nucleus list)',
    ],
    [
      rule('match = "d*:prod"\ndeny = ["x"]'),
      '2:1 match "d*:prod" of rule 1 fits nothing: * stands for a whole side only; for parts of a name use profile',
    ],
    [
      rule('profile = "mail:*"\ndeny = ["x"]'),
      '2:1 profile of rule 1 fits no profile there is; nucleus list shows them',
    ],
    [
      rule('alias = "a"\ndeny = ["x"]'),
      '2:1 rule 1 is about an alias alone, which a client may choose itself; name profiles by match or profile',
    ],
    [
      rule('approve = "human"\nphrase = "p"'),
      '3:1 phrase of rule 1 is never asked for; it goes with confirm and without approve',
    ],
    [
      rule('match = "db:*"\ndeny = ["*"]') + rule('match = "DB:*"\nallow = ["x"]'),
      '4:3 rule 2 never counts: rule 1 denies every call it is about',
    ],
    [
      rule('deny = ["*"]') + rule('env = "dev"\ndeny = ["x"]'),
      '3:3 rule 2 never counts: rule 1 denies every call it is about',
    ],
  ] as const)
    assert.deepEqual(warnings(text), wanted, text);
});
