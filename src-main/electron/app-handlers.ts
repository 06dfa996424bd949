import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type BrowserWindow, clipboard, dialog, nativeTheme, type OpenDialogOptions, shell } from 'electron';
import type { AppContract, AppSettings, HandlersOf } from '../../src-shared/contract.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import type { PreferenceStore } from './preferences.ts';
import type { UpdateWatch } from './updates.ts';

export interface Wishes {
  add: boolean;
  profile: string | null;
}

export interface AppHandlerDeps {
  readonly preferences: PreferenceStore;
  readonly autostart: { isOn(): boolean; set(on: boolean): void };
  readonly updates: Pick<UpdateWatch, 'get' | 'set' | 'look'>;
  /** What was chosen outside the window, until it shows it. */
  readonly wishes: Wishes;
  /** config.toml, there or not. */
  readonly configFile: string;
  window(): BrowserWindow | null;
  quit(): void;
  onSettings(): void;
}

/** What the app's own process answers to a window. */
export function createAppHandlers(deps: AppHandlerDeps): HandlersOf<AppContract> {
  const { preferences, autostart, updates, wishes } = deps;
  const settings = (): AppSettings => {
    const { theme, view } = preferences.get();
    return {
      theme,
      view,
      autostart: autostart.isOn(),
      wantsAdd: wishes.add,
      wantsProfile: wishes.profile,
      updates: updates.get(),
    };
  };
  return {
    settings: {
      get: settings,
      set({ autostart: isOn, looksForUpdates, theme, view, wantsAdd, wantsProfile }) {
        if (wantsAdd !== undefined) wishes.add = wantsAdd;
        if (wantsProfile !== undefined) wishes.profile = wantsProfile;
        if (typeof isOn === 'boolean' && isOn !== autostart.isOn()) autostart.set(isOn);
        if (looksForUpdates !== undefined) updates.set(looksForUpdates);
        preferences.set({ ...(theme && { theme }), ...(view && { view }) });
        if (theme) nativeTheme.themeSource = theme;
        // The window that shows another view knows so; told to look again it might jump back.
        if (theme || isOn !== undefined) deps.onSettings();
        return settings();
      },
    },
    app: {
      quit() {
        deps.quit();
        return {};
      },
      async pickFile({ title }) {
        const options: OpenDialogOptions = { title, properties: ['openFile'] };
        const window = deps.window();
        const { filePaths } = await (window
          ? dialog.showOpenDialog(window, options)
          : dialog.showOpenDialog(options));
        return { path: filePaths[0] ?? null };
      },
      async copy({ text }) {
        await clipboard.writeText(text);
        return {};
      },
      async openPage({ url }) {
        await shell.openExternal(url);
        return {};
      },
      async openConfig() {
        const { configFile } = deps;
        // Without a program for such files its folder is the way to it.
        const problem = existsSync(configFile) ? await shell.openPath(configFile) : 'none yet';
        if (problem !== '') await openFolder(dirname(configFile));
        return {};
      },
      lookForUpdate() {
        updates.look();
        return settings();
      },
    },
    events: {},
  };
}

async function openFolder(path: string): Promise<void> {
  const problem = await shell.openPath(path);
  if (problem !== '')
    throw new NucleusError('STATE_UNUSABLE', `${path} cannot be opened (${problem}); open it by hand`, {
      path,
    });
}
