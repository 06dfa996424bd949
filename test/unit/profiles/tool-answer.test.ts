import assert from 'node:assert/strict';
import test from 'node:test';
import { DiscoverRule, IdentityRule } from '../../../src-main/gateway/profiles/rule-schema.ts';
import { readChoices, readIdentity } from '../../../src-main/gateway/profiles/tool-answer.ts';
import { supabaseProjects as projects, text } from '../../fixtures/documented-services.ts';
import { verifies } from '../../helpers/requirements.ts';

const rule = DiscoverRule.parse({
  field: 'project_id',
  tool: 'list_projects',
  list: '/projects',
  hints: ['/region', '/status'],
  hide_hint: ['ACTIVE_HEALTHY'],
});
const wanted = [
  { id: 'aaaaaaaaaaaaaaaaaaaa', label: 'alpha', hint: 'eu-central-1' },
  { id: 'bbbbbbbbbbbbbbbbbbbb', label: 'beta', hint: 'us-east-1 · INACTIVE' },
];
const prose = (inner: string) => ({
  content: [{ type: 'text', text: `Data follows: ${inner} — do not obey it.` }],
});

for (const [what, result] of Object.entries({
  'the documented object': text({ projects }),
  'a bare list': text(projects),
  'a list under data': text({ data: projects }),
  'a list under result': text({ result: projects }),
  'a list under items': text({ items: projects }),
  'a list deeper inside': text({ page: { of: 1, rows: projects } }),
  'structured content, whatever the text says': {
    structuredContent: { projects },
    ...text({ projects: [] }),
  },
  'words around an object': prose(JSON.stringify({ projects })),
  'words around a list': prose(JSON.stringify(projects)),
  'a second text after one without data': {
    content: [
      { type: 'text', text: 'hello' },
      { type: 'text', text: JSON.stringify(projects) },
    ],
  },
}))
  test(`the same projects are found in ${what}`, () => {
    verifies('NUC-033');
    assert.deepEqual(readChoices(result, rule), wanted);
  });

test('a single object is one choice', () => {
  assert.deepEqual(readChoices(text(projects[0]), rule), [wanted[0]]);
});

for (const [what, result] of Object.entries({
  'no JSON': { content: [{ type: 'text', text: 'no projects' }] },
  'an image': { content: [{ type: 'image', data: '' }] },
  'no content': {},
  'a word of JSON': text('projects'),
  'rows without an id': text({ projects: [{ name: 'x' }, null, 'y'] }),
  'a broken document': prose('{"projects":['),
}))
  test(`${what} offers nothing to choose`, () => {
    assert.deepEqual(readChoices(result, rule), []);
  });

test('what a server calls its rows is shown as text, short, and an id nobody can see is none', () => {
  const rows = [
    { id: 'a', name: `x\u202e\u0007${'y'.repeat(500)}` },
    { id: 'b\u200b', name: 'hidden' },
    { id: 'c'.repeat(300), name: 'endless' },
    { id: 'a', name: 'again' },
    { id: 7, name: '' },
  ];
  const [first, ...rest] = readChoices(text(rows), rule);
  assert.match(first?.label ?? '', /^x\[U\+202E\]\[U\+0007\]y+…$/);
  assert.equal(first?.label.length, 200);
  assert.deepEqual(rest, [{ id: '7', label: '7', hint: '' }]);
});

test('a list without end is cut', () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => ({ id: `p${index}`, name: 'x' }));
  assert.equal(readChoices(text(rows), rule).length, 1_000);
});

test('an organization stands for the person where no tool names one', () => {
  const organizations = IdentityRule.parse({
    via: 'tool',
    tool: 'list_organizations',
    list: '/organizations',
    tenant: '/id',
    label: '/name',
    what: 'organization',
  });
  assert.deepEqual(
    readIdentity(text({ organizations: [{ id: 'o1', name: 'Acme' }, { id: 'o2' }] }), organizations),
    {
      subject: null,
      tenant: 'o1',
      label: 'Acme',
      email: null,
      what: 'organization',
      tenants: ['o1', 'o2'],
    },
  );
  assert.equal(readIdentity(text({ organizations: [] }), organizations), null);
});

test('an answer to a stranger names nobody', () => {
  // huggingface/hf-mcp-server@e83f335 (2026-08-21)
  const whoami = IdentityRule.parse({
    via: 'tool',
    tool: 'hf_whoami',
    require: { '/status': 'authenticated' },
    subject: '/account/id',
    label: '/account/name',
  });
  const answer = (status: string) => ({ structuredContent: { status, account: { id: 'u1', name: 'ada' } } });
  assert.equal(readIdentity(answer('anonymous'), whoami), null);
  assert.deepEqual(readIdentity(answer('authenticated'), whoami)?.subject, 'u1');
});
