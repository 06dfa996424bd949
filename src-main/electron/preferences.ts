import Store from 'electron-store';
import * as z from 'zod';
import { AppSettings } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { Log } from '../gateway/platform.ts';
import { LastLook } from './update-answer.ts';

const Place = z.object({
  x: z.int().optional(),
  y: z.int().optional(),
  width: z.int().min(1),
  height: z.int().min(1),
});
/** Where the window was and how large. */
export type Place = z.infer<typeof Place>;

// Read with a fallback for each: the file is edited by nobody and may be lost, so a damaged one is no news.
const Preferences = z.object({
  theme: AppSettings.shape.theme.catch('system'),
  view: AppSettings.shape.view.catch('profiles'),
  place: Place.nullable().catch(null),
  looksForUpdates: z.boolean().catch(false),
  lastLook: LastLook.nullable().catch(null),
});
export type Preferences = z.infer<typeof Preferences>;

export interface PreferenceStore {
  get(): Preferences;
  set(change: Partial<Preferences>): void;
}

/** What may be lost: theme, last view, place of the window, the last look for an update; `preferences.json` in the app's folder. */
export function createPreferences(folder: string, log: Log): PreferenceStore {
  let store: Store | null = null;
  let current = Preferences.parse({});
  try {
    store = new Store({ cwd: folder, name: 'preferences', clearInvalidConfig: true });
    current = Preferences.parse({ ...store.store });
  } catch (error) {
    log.warn('the preferences cannot be read', { reason: toNucleusError(error).message });
  }
  return {
    get: () => current,
    set(change) {
      current = { ...current, ...change };
      try {
        if (store) store.store = { ...current };
      } catch (error) {
        // A full disk must not take the gateway along with the window that is being closed.
        log.warn('the preferences cannot be kept', { reason: toNucleusError(error).message });
      }
    },
  };
}
