import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const renderer = join(import.meta.dirname, '../../../src-renderer');
const css = readFileSync(join(renderer, 'theme.css'), 'utf8').split('@media')[0] ?? '';
const tokens = new Map(
  [...css.matchAll(/--([\w-]+):\s*light-dark\((#\w{6}), (#\w{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, [light, dark] as const],
  ),
);

const text = 4.5;
const mark = 3;
const grounds = ['canvas', 'surface', 'sunken', 'raised', 'hover', 'select'];
const classes = ['prod', 'staging', 'dev', 'personal', 'unset'];
/** Every pair of colours the window uses, and the least contrast it must have. */
const pairs: readonly (readonly [front: string, ground: string, floor: number])[] = [
  ...['ink', 'ink-2', 'ink-3'].flatMap((ink) => grounds.map((ground) => [ink, ground, text] as const)),
  ...['accent', 'ok', 'warn', 'bad'].flatMap((tone) =>
    ['surface', 'canvas', 'select'].map((ground) => [tone, ground, text] as const),
  ),
  ...classes.flatMap((env) => [
    [env, `${env}-soft`, text] as const,
    [env, 'surface', text] as const,
    ...['surface', 'canvas', 'select', `${env}-soft`].map(
      (ground) => [`${env}-solid`, ground, mark] as const,
    ),
    ['ink', `${env}-soft`, text] as const,
    ['ink-2', `${env}-soft`, text] as const,
    ['ink-3', `${env}-soft`, text] as const,
  ]),
  ['ink', 'current', text],
  ['ink-3', 'current', text],
  ['surface', 'ink', text],
  ['surface', 'primary-hover', text],
  ['ink', 'add-soft', text],
  ['ink', 'del-soft', text],
  ['ok', 'add-soft', text],
  ['bad', 'del-soft', text],
  ...['surface', 'canvas', 'raised', 'select'].map((ground) => ['line-control', ground, mark] as const),
];

test('no pair of colours is below its contrast, light or dark', () => {
  const low = pairs.flatMap(([front, ground, floor]) =>
    ([0, 1] as const).flatMap((theme) => {
      const ratio = contrast(token(front)[theme], token(ground)[theme]);
      return ratio < floor
        ? [`${front} on ${ground} ${theme === 0 ? 'light' : 'dark'}: ${ratio.toFixed(2)}`]
        : [];
    }),
  );
  assert.deepEqual(low, []);
});

test('no component carries a colour of its own, a style attribute or markup from text', () => {
  const found = globSync('**/*.svelte', { cwd: renderer }).flatMap((file) => {
    const source = readFileSync(join(renderer, file), 'utf8');
    return [/#[0-9a-f]{6}\b/i, /\sstyle[=:]/, /\{@html/, /rgb\(|hsl\(/].flatMap((pattern) =>
      pattern.test(source) ? [`${file}: ${pattern}`] : [],
    );
  });
  assert.deepEqual(found, []);
});

function token(name: string): readonly [string, string] {
  return tokens.get(name) ?? assert.fail(`theme.css has no --${name}`);
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return red * 0.2126 + green * 0.7152 + blue * 0.0722;
}
