// Every link of a page leads somewhere, and so does every page that a comment in the sources names.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import test from 'node:test';
import { anchorsOf, linksOf, pages, proseOf, readPage } from '../helpers/markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const isElsewhere = (target: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(target);

/** Files whose comments name pages in other people's repositories. */
const citesOthers = /^(resources\/connectors\/|test\/fixtures\/documented-services)/;

/** Why a link on a page leads nowhere, null when it leads somewhere. */
function problemOf(page: string, target: string): string | null {
  if (isElsewhere(target)) return null;
  const [path = '', anchor = ''] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)));
  if (!existsSync(join(root, file))) return `there is no ${file}`;
  if (anchor === '') return null;
  if (!file.endsWith('.md')) return `only pages have anchors, and ${file} is none`;
  return anchorsOf(readPage(file)).has(anchor) ? null : `${file} has no heading for #${anchor}`;
}

test('every link of every page leads somewhere', () => {
  const broken = pages().flatMap((page) =>
    linksOf(readPage(page)).flatMap(({ line, target }) => {
      const problem = problemOf(page, target);
      return problem === null ? [] : [`${page}:${line}: ${target}: ${problem}`];
    }),
  );
  assert.deepEqual(broken, []);
});

test('links, pictures and anchors are found, and code is not taken for one', () => {
  const page = [
    '# A *b* `c` [d](e.md)',
    '## Twice',
    '## Twice',
    '`[no](no.md)` [yes](yes.md "title") ![picture](p.png)',
    '<source srcset="s.png"> [to](#twice-1)',
    '```',
    '[no](no.md)',
    '# no',
    '```',
    '<!-- [no](no.md) -->',
  ].join('\n');
  assert.deepEqual(
    linksOf(page).map(({ line, target }) => `${line} ${target}`),
    ['1 e.md', '4 yes.md', '4 p.png', '5 s.png', '5 #twice-1'],
  );
  assert.deepEqual([...anchorsOf(page)], ['a-b-c-d', 'twice', 'twice-1']);
  assert.equal(problemOf('docs/README.md', '../README.md#more'), null);
  assert.equal(problemOf('docs/README.md', '#no'), 'docs/README.md has no heading for #no');
  assert.equal(problemOf('docs/README.md', 'gone.md'), 'there is no docs/gone.md');
  assert.equal(problemOf('README.md', 'LICENSE#mit'), 'only pages have anchors, and LICENSE is none');
});

test('every page and script that the sources name is there', () => {
  const sources = globSync(
    [
      '{src-shared,src-main,src-renderer,resources,scripts,test}/**/*.{ts,mjs,svelte,css,toml,sh,c,rs,yml}',
      '*.{json,yml,ts,js}',
      '.ci/*',
    ],
    { cwd: root, exclude: (path) => /node_modules|package-lock/.test(path) },
  ).map((file) => file.replaceAll('\\', '/'));
  assert.ok(sources.length > 500, 'the sources were found');
  const missing = sources
    .filter((file) => !citesOthers.test(file) && file !== 'test/docs/links.test.ts')
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/(?<![\w./-])docs\/[\w./-]*\w/g)]
        .map(([path]) => path)
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${file} names ${path}`),
    );
  assert.deepEqual(missing, []);
});

test('every source file that a page names is there', () => {
  const named = pages()
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) =>
      [...readPage(page).matchAll(/`((?:[\w.*-]+\/)+[\w.*-]+\.(?:ts|mjs|svelte|sh))`/g)].map(
        ([, path = '']) => ({ page, path }),
      ),
    );
  assert.ok(named.length > 100, 'pages name files');
  const missing = named.filter(
    ({ path }) =>
      !['', 'src-main/gateway', 'src-main', 'src-renderer'].some(
        (folder) => globSync(join(folder, path), { cwd: root }).length > 0,
      ),
  );
  assert.deepEqual(missing, []);
});

test('the index of the pages has each of them', () => {
  const linked = new Set(linksOf(readPage('docs/README.md')).map(({ target }) => join('docs', target)));
  const forgotten = pages().filter(
    (page) => page.startsWith('docs/') && page !== 'docs/README.md' && !linked.has(page),
  );
  assert.deepEqual(forgotten, []);
});

test('a page says in its first line whom it is for', () => {
  const silent = pages()
    .filter((page) => page.startsWith('docs/') && !page.startsWith('docs/adr/'))
    .filter((page) => {
      const [, first = ''] = proseOf(readPage(page))
        .split('\n')
        .filter((line) => line.trim() !== '');
      return !first.startsWith('For ');
    });
  assert.deepEqual(silent, []);
});

test('a picture of the README is small and is there for light and for dark', () => {
  const pictures = linksOf(readPage('README.md'))
    .map(({ target }) => target)
    .filter((target) => target.endsWith('.png'));
  assert.ok(pictures.length > 0, 'the README has pictures');
  for (const picture of pictures) {
    assert.match(picture, /-(light|dark)\.png$/);
    const other = picture.replace(/-(light|dark)\.png$/, (_, mode) =>
      mode === 'light' ? '-dark.png' : '-light.png',
    );
    assert.ok(pictures.includes(other), `${other} is shown too`);
    assert.ok(statSync(join(root, picture)).size < 150_000, `${picture} is small`);
  }
});

test('the table of dependencies has each package, and no other', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const wanted = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const told = readPage('docs/dependencies.md')
    .split('\n')
    .flatMap((line) => /^\| ([^|]*)\|/.exec(line)?.[1] ?? [])
    .map((cell) => cell.replace(/\([^)]*\)/g, ''))
    .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  assert.deepEqual(told.sort(), wanted.sort());
});

test('the license is there, and package.json names it', () => {
  const { license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { license: string };
  assert.equal(license, 'MIT');
  assert.match(readFileSync(join(root, 'LICENSE'), 'utf8'), /^MIT License/);
});
