import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';

const gateway = (...folders: string[]): string[] => folders.map((folder) => `src-main/gateway/${folder}`);

/**
 * Who may import whom: a folder, the folders and files it may import beside itself, and the packages. The first row
 * that holds a file decides. Types count too: a layer that only knows the type of a higher one still hangs on it.
 */
const layers: readonly (readonly [folder: string, mayImport: readonly string[], packages: RegExp])[] = [
  ['src-shared', [], /^zod$/],
  ['src-renderer', ['src-shared'], /^svelte(\/|$)/],

  ['src-main/gateway/platform.ts', [], /^node:stream$/],
  // Those that prove a person act: they keep, hash and ask.
  ...['pin', 'person', 'lock', 'terminal'].map(
    (name) =>
      [
        `src-main/gateway/policy/${name}.ts`,
        ['src-shared', ...gateway('platform.ts', 'policy', 'storage')],
        /^node:(crypto|fs|tty)$/,
      ] as const,
  ),
  // Those that read policy.toml and keep to what was accepted of it.
  ...['policies', 'policy-file', 'file-signature', 'reading', 'judges', 'rule-views', 'warnings'].map(
    (name) =>
      [
        `src-main/gateway/policy/${name}.ts`,
        ['src-shared', ...gateway('platform.ts', 'policy', 'config', 'storage')],
        /^(node:(crypto|fs)|smol-toml|zod)$/,
      ] as const,
  ),
  // Pure but for what waits for people, which needs a clock, and for the parser, which is loaded.
  [
    'src-main/gateway/policy',
    ['src-shared', ...gateway('platform.ts', 'wire/frame.ts', 'profiles/rule-schema.ts')],
    /^(zod|libpg-query\/wasm\/libpg-query\.js)$/,
  ],
  ['src-main/gateway/wire', ['src-shared'], /^node:(buffer|stream|string_decoder)$/],
  [
    'src-main/gateway/storage',
    ['src-shared', ...gateway('platform.ts')],
    /^(node:.*|better-sqlite3|smol-toml|zod)$/,
  ],
  [
    'src-main/gateway/audit',
    ['src-shared', ...gateway('platform.ts', 'policy', 'storage', 'wire')],
    /^(node:.*|better-sqlite3)$/,
  ],
  [
    'src-main/gateway/sign-in',
    ['src-shared', ...gateway('platform.ts', 'storage', 'upstream/authorization.ts')],
    /^(node:.*|zod|jose|@modelcontextprotocol\/client)$/,
  ],
  [
    'src-main/gateway/upstream',
    ['src-shared', ...gateway('platform.ts', 'wire', 'storage')],
    /^(node:.*|@modelcontextprotocol\/(client|core)(\/.*)?)$/,
  ],
  [
    'src-main/gateway/routing',
    ['src-shared', ...gateway('platform.ts', 'policy', 'upstream', 'storage', 'audit', 'wire')],
    /^node:.*$/,
  ],
  [
    'src-main/gateway/profiles',
    ['src-shared', ...gateway('platform.ts', 'routing', 'upstream', 'storage', 'wire', 'config')],
    /^(node:.*|smol-toml|zod)$/,
  ],
  [
    'src-main/gateway/downstream',
    ['src-shared', ...gateway('platform.ts', 'routing', 'policy', 'storage', 'wire')],
    /^(node:.*|@modelcontextprotocol\/(core|server)(\/.*)?)$/,
  ],
  [
    'src-main/gateway/hosts',
    ['src-shared', ...gateway('platform.ts', 'storage')],
    /^(node:.*|jsonc-parser|smol-toml|toml-eslint-parser|fflate)$/,
  ],
  [
    'src-main/gateway/import',
    ['src-shared', ...gateway('platform.ts', 'hosts', 'profiles', 'storage')],
    /^(node:.*|jsonc-parser|smol-toml|zod)$/,
  ],
  ['src-main/gateway/config', ['src-shared', ...gateway('storage')], /^(node:.*|smol-toml|zod)$/],
  // What stands at the top of the gateway joins its parts.
  [
    'src-main/gateway',
    ['src-shared'],
    /^(node:.*|better-sqlite3|smol-toml|zod|@modelcontextprotocol\/(client|core|server)(\/.*)?)$/,
  ],

  [
    'src-main/electron',
    ['src-shared', 'src-main/gateway'],
    /^(node:.*|electron|electron-store|dbus-next|keytar|zod)$/,
  ],
  ['src-main/cli', ['src-shared', 'src-main/gateway'], /^(node:.*|commander|keytar|zod)$/],
  [
    'resources/servers',
    ['src-shared'],
    /^(node:.*|better-sqlite3|zod|@modelcontextprotocol\/server(\/.*)?)$/,
  ],
];

/** It does not even load without libsecret, so the platform of each shell imports it, when it is needed. */
const keytarFiles = ['src-main/cli/node-platform.ts', 'src-main/electron/electron-platform.ts'];

/** Loaded at every start of a client, so these, and all they load, must load no package. */
const light = [
  'src-shared/attach.ts',
  'src-shared/duration.ts',
  'src-shared/errors.ts',
  'src-shared/modes.ts',
  'src-shared/tool-name.ts',
  'src-main/cli/shim.ts',
];

interface Import {
  /** A path from the root, or the name of a package. */
  readonly to: string;
  readonly kind: 'value' | 'type' | 'dynamic';
}

const root = join(import.meta.dirname.replaceAll('\\', '/'), '..');
const files = globSync(['src-*/**/*.{ts,svelte}', 'resources/servers/**/*.ts'], { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !file.endsWith('.d.ts'));
const importsOf = new Map(files.map((file) => [file, readImports(file)]));

test('imports follow the layers', () => {
  const broken = files.flatMap((file) => {
    const layer = layers.find(([folder]) => isIn(file, folder));
    if (!layer) return [`${file} is in no layer`];
    const [folder, mayImport, packages] = layer;
    return (importsOf.get(file) ?? [])
      .filter(({ to }) =>
        isOurs(to) ? ![folder, ...mayImport].some((place) => isIn(to, place)) : !packages.test(to),
      )
      .map(({ to }) => `${file} may not import ${to}`);
  });
  assert.deepEqual(broken, []);
});

test('imports make no circle', () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert(!path.includes(file), [...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file)) return;
    for (const { to, kind } of importsOf.get(file) ?? []) if (kind !== 'type') visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('every import of ours names a file that is there', () => {
  const missing = files.flatMap((file) =>
    (importsOf.get(file) ?? [])
      .filter(({ to }) => isOurs(to) && !importsOf.has(to))
      .map(({ to }) => `${file} imports ${to}`),
  );
  assert.deepEqual(missing, []);
});

test('only the platforms import the keychain library, and only on first need', () => {
  const importers = files.flatMap((file) =>
    (importsOf.get(file) ?? []).filter(({ to }) => to === 'keytar').map(({ kind }) => `${file} (${kind})`),
  );
  assert.deepEqual(
    importers.sort(),
    keytarFiles.map((file) => `${file} (dynamic)`),
  );
});

test('what a client waits for at its start loads no package', () => {
  const loaded = light.flatMap((start) => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { to, kind } of importsOf.get(file) ?? []) if (kind === 'value') visit(to);
    };
    visit(start);
    return [...seen].filter((to) => !isOurs(to) && !to.startsWith('node:')).map((to) => `${start}: ${to}`);
  });
  assert.deepEqual(loaded, []);
});

function readImports(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(?<type>type\s)?(?:[\w*\s{},$]*?\sfrom\s+)?['"](?<spec>[^'"]+)['"]/gm,
  );
  const calls = text.matchAll(/\bimport\(\s*['"](?<spec>[^'"]+)['"]\s*\)/g);
  const found = (spec: string | undefined, kind: Import['kind']): Import => ({
    to: spec?.startsWith('.') ? join(dirname(file), spec) : (spec ?? ''),
    kind,
  });
  return [
    ...[...statements].map(({ groups }) => found(groups?.['spec'], groups?.['type'] ? 'type' : 'value')),
    ...[...calls].map(({ groups }) => found(groups?.['spec'], 'dynamic')),
  ];
}

function isOurs(to: string): boolean {
  return /^(src-|resources\/)/.test(to);
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
