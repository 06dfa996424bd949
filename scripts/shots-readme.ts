import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/*
 * npm run shots -- readme: the pictures of the README and of docs, into docs/images, for light and for dark. A page
 * loads them all, so each is small: half as many pixels again as the window has, in 256 colours.
 */

/** The scenes pages show. */
export const readmeScenes: readonly string[] = [
  'profiles',
  'first-run-found',
  'approvals',
  'activity',
  'policy-refused',
  'clients',
  'doctor',
];
export const readmeScale = 1.5;

const folder = join(import.meta.dirname, '..', 'docs/images');
const most = 150_000;

/** Takes a picture over into docs/images; what is wrong, null when it is fine. */
export function keepForReadme(picture: string, name: string): string | null {
  mkdirSync(folder, { recursive: true });
  const kept = join(folder, name);
  const reduce = [
    '-strip',
    '-dither',
    'None',
    '-colors',
    '256',
    '-define',
    'png:compression-level=9',
    `PNG8:${kept}`,
  ];
  const { error, status, stderr } = spawnSync('convert', [picture, ...reduce], { encoding: 'utf8' });
  if (error) return `${name} was not written: install ImageMagick, which has convert`;
  if (status !== 0) return `${name} was not written: ${stderr.trim()}`;
  const { size } = statSync(kept);
  return size > most ? `${name} has ${size} bytes, and ${most} are the most` : null;
}
