import { join } from 'node:path';
import { app } from 'electron';

/** Started by the login, not by a person: no window. */
export const hiddenFlag = '--hidden';

/** out/, where the build puts everything that is bundled. */
export const bundles = join(import.meta.dirname, '..');
export const root = app.getAppPath();
export const isTest = !app.isPackaged && process.env['NUCLEUS_TEST_HOOKS'] === '1';
/** Packaged, what other programs read lies beside the archive. */
export const resources = app.isPackaged ? process.resourcesPath : join(root, 'resources');
