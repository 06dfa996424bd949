import assert from 'node:assert/strict';
import test from 'node:test';
import { fillHoles, variablesNamedIn } from '../../../src-main/gateway/config/holes.ts';
import { parse } from 'smol-toml';
import { verifies } from '../../helpers/requirements.ts';

const fill = (text: string, env: Record<string, string> = {}) => {
  const { value, problems } = fillHoles(parse(text), env);
  return { value: structuredClone(value), problems: problems.map(({ sentence }) => sentence) };
};

test('any text is filled: in tables, lists and tables in lists, several in one', () => {
  verifies('NEX-004');
  assert.deepEqual(
    fill(
      'url = "https://{{ env.HOST }}/{{env.ORG}}?{{\\tenv.HOST\\t}}"\n[upstream.headers]\nX-Org = "{{ env.ORG }}"\n[[server]]\nargs = [["{{ env.ORG }}"], ["b", 5]]\n',
      { HOST: 'h', ORG: 'o' },
    ),
    {
      value: {
        url: 'https://h/o?h',
        upstream: { headers: { 'X-Org': 'o' } },
        server: [{ args: [['o'], ['b', 5]] }],
      },
      problems: [],
    },
  );
});

test('what a variable holds is not filled again and not read as a pattern', () => {
  assert.deepEqual(fill('a = "{{ env.A }}-{{ env.B }}"', { A: '{{ env.B }}', B: '$& $1 }}' }), {
    value: { a: '{{ env.B }}-$& $1 }}' },
    problems: [],
  });
});

test('an empty variable is set', () => {
  assert.deepEqual(fill('a = "x{{ env.A }}"', { A: '' }), { value: { a: 'x' }, problems: [] });
});

test('a variable that is not set, another scope and a stray brace are named with the key', () => {
  verifies('NEX-004');
  const missing = (key: string, name: string) =>
    `${key} needs the variable ${name}, which is not set for the gateway; set it where the gateway is started by hand, or write the value here`;
  assert.deepEqual(fill('[upstream.headers]\nX-Org = "{{ env.ORG }}"').problems, [
    missing('upstream.headers.X-Org', 'ORG'),
  ]);
  assert.deepEqual(fill('a = ["x", ["{{ env.toString }}"]]\n"b c" = "{{ env.B }}"').problems, [
    missing('a[1][0]', 'toString'),
    missing('"b c"', 'B'),
  ]);
  for (const inside of ['secret', 'env.', 'env.A-B', 'vault.A', '', 'env.A | upper', 'env . A', 'env.1'])
    assert.deepEqual(fill(`a = "{{ ${inside} }}"`, { A: 'a' }).problems, [
      `a has {{ ${inside} }}, and only {{ env.NAME }} can be filled in`,
    ]);
  for (const text of ['{{ env.A', 'x {{', '{{ env.A }} {{ env.A'])
    assert.deepEqual(fill(`a = "${text}"`, { A: 'a' }).problems, [
      'a has a {{ without its }}; write {{ env.NAME }}',
    ]);
  assert.deepEqual(fill('a = "}} { env.A } {"'), { value: { a: '}} { env.A } {' }, problems: [] });
});

test('dates, numbers and keys are left as they are', () => {
  const { value, problems } = fillHoles(parse('d = 1979-05-27\nn = 5\n"{{ env.A }}" = true\n'), { A: 'a' });
  assert.deepEqual(problems, []);
  const table = value as Record<string, unknown>;
  assert.ok(table['d'] instanceof Date);
  assert.deepEqual(Object.keys(table), ['d', 'n', '{{ env.A }}']);
});

test('the variables a text names are found before it is read', () => {
  assert.deepEqual(variablesNamedIn('a = "{{ env.A }}"\nb = "{{env.B}}{{ env.A }}{{ x }}"'), ['A', 'B']);
});
