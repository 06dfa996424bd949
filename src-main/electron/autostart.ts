import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { appImageOf } from '../gateway/hosts/stable-shim.ts';
import { readTextIfExists, removeIfExists, writePrivateFile } from '../gateway/storage/files.ts';

export interface AutostartDeps {
  readonly appName: string;
  /** What the system starts at login. In an AppImage that is the image, not the program mounted from it. */
  readonly execPath: string;
  readonly args: readonly string[];
  /** XDG_CONFIG_HOME */
  readonly configHome: string;
  readonly platform: NodeJS.Platform;
  /** Electron's login item settings, which work on macOS and Windows only. */
  readonly loginItems: { get(): boolean; set(on: boolean): void };
}

/**
 * Start at login. On Linux that is a desktop entry of our own in the autostart folder; `set(true)` when it is on
 * already renews the path in it, for a program that moved.
 */
export function createAutostart(deps: AutostartDeps): { isOn(): boolean; set(on: boolean): void } {
  if (deps.platform !== 'linux') return { isOn: deps.loginItems.get, set: deps.loginItems.set };
  const folder = join(deps.configHome, 'autostart');
  const file = join(folder, 'nucleus.desktop');
  return {
    isOn: () => {
      // Desktops turn an entry off by these keys and leave the file.
      const entry = isRegularFile(file) ? readTextIfExists(file) : null;
      return (
        entry !== null && !/^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/im.test(entry)
      );
    },
    set: (on) => {
      // Neither follows a link somebody else put there: removing and renaming act on the name itself.
      if (!on) return removeIfExists(file);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writePrivateFile(file, desktopEntry(deps));
    },
  };
}

/**
 * In an AppImage what starts is the image, not the program mounted from it. The variable alone says little: an app that
 * was opened from a terminal in some other image has that one's.
 */
export function programAtLogin(
  resources: string,
  env: Readonly<Record<string, string | undefined>>,
  execPath: string,
): string {
  return appImageOf(resources, env) ?? execPath;
}

/** https://specifications.freedesktop.org/desktop-entry-spec/latest/ */
function desktopEntry({ appName, execPath, args }: AutostartDeps): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    `Name=${escapeValue(appName)}`,
    `Exec=${escapeValue([execPath, ...args].map(quoteArgument).join(' '))}`,
    'Terminal=false',
    'StartupNotify=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** One argument of Exec; `%` would start a field code. */
function quoteArgument(argument: string): string {
  const literal = argument.replaceAll('%', '%%');
  if (/^[\w@%+,./:=-]+$/.test(literal)) return literal;
  return `"${literal.replaceAll(/["`$\\]/g, '\\$&')}"`;
}

/** Any value of type string; a second layer above the quotes of Exec. */
function escapeValue(value: string): string {
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
  return value.replaceAll(/[\\\n\t\r]/g, (character) => escapes[character] ?? '').replace(/^ /, '\\s');
}

function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
