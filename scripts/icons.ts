import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/*
 * node scripts/run.mjs icons: renders the PNG files of resources/ from their drawings with rsvg-convert (Debian:
 * librsvg2-bin). The PNG files are committed, so only who changes a drawing needs this. A tray drawing becomes
 * NAMETemplate.png (black; macOS tints what has Template in its name) and NAME-light.png for dark panels.
 */

const resources = join(import.meta.dirname, '../resources');

for (const file of globSync('tray/*.svg', { cwd: resources })) {
  const drawing = readFileSync(join(resources, file), 'utf8');
  const size = Number(/-(\d+)\.svg$/.exec(file)?.[1]);
  const name = join(resources, 'tray', basename(file, '.svg'));
  for (const [scale, mark] of [
    [1, ''],
    [2, '@2x'],
  ] as const) {
    render(drawing, size * scale, `${name}Template${mark}.png`);
    render(whitened(drawing), size * scale, `${name}-light${mark}.png`);
  }
}
render(cropped(readFileSync(join(resources, 'icon.svg'), 'utf8')), 512, join(resources, 'icon.png'));

/** Black becomes white, but not in masks: there black and white say what is cut out. */
function whitened(drawing: string): string {
  return drawing
    .split(/(<mask[\s\S]*?<\/mask>)/)
    .map((part) => (part.startsWith('<mask') ? part : part.replaceAll('"#000"', '"#fff"')))
    .join('');
}

/** Without the air around the tile, which only macOS wants. */
function cropped(drawing: string): string {
  return drawing.replace('viewBox="0 0 1024 1024"', 'viewBox="96 96 832 832"');
}

function render(drawing: string, pixels: number, target: string): void {
  const { error, status, stdout, stderr } = spawnSync(
    'rsvg-convert',
    ['--width', String(pixels), '--height', String(pixels)],
    { input: drawing },
  );
  if (error) throw new Error(`rsvg-convert did not start (${error.message}); install librsvg2-bin`);
  if (status !== 0) throw new Error(`rsvg-convert failed for ${target}: ${stderr.toString().trim()}`);
  writeFileSync(target, stdout);
}
