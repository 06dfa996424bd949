/** What a start of the app is judged by. */
export interface Launch {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** null where the system has no user ids. */
  readonly uid: number | null;
  readonly isPackaged: boolean;
  hasSwitch(name: string): boolean;
}

/** The sentence that says why the app must not or cannot run so; null when it may. */
export function refuseLaunch({ platform, env, uid, isPackaged, hasSwitch }: Launch): string | null {
  if (uid === 0)
    return 'Nucleus does not run as root: its window would show pages with all rights. Start it as an ordinary user.';
  // No fuse covers these two: whoever starts the app with them could drive its window.
  if (isPackaged && ['remote-debugging-port', 'remote-debugging-pipe'].some(hasSwitch))
    return 'Nucleus does not start with remote debugging.';
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY'])
    return 'There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so there can be no window; run "nucleus start" for the gateway without one.';
  return null;
}
