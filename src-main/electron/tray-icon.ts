import { join } from 'node:path';
import type { TrayState } from './tray-menu.ts';

export interface Panel {
  readonly platform: NodeJS.Platform;
  /** The system's dark theme. */
  readonly isDark: boolean;
  /** XDG_CURRENT_DESKTOP, e.g. `ubuntu:GNOME`. */
  readonly desktop: string;
}

/** The icon file for a state in this panel; Electron takes its `@2x` neighbour by itself. */
export function trayIconFile(folder: string, state: TrayState, panel: Panel): string {
  // Linux panels are 22 to 24 px high; macOS and Windows draw 16.
  const size = panel.platform === 'linux' ? 22 : 16;
  return join(folder, `${state}-${size}${needsLight(panel) ? '-light' : 'Template'}.png`);
}

function needsLight({ platform, isDark, desktop }: Panel): boolean {
  if (platform === 'darwin') return false; // A template image is tinted by the system.
  // These draw their top bar black whatever the theme of windows is.
  if (platform === 'linux' && /gnome|unity|pantheon/i.test(desktop)) return true;
  return isDark;
}
