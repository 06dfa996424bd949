import { hostNames } from '../../src-shared/host-names.ts';
import type { HostName } from '../../src-shared/hosts.ts';
import { systemClock } from '../gateway/clock.ts';
import { createHosts, type Hosts } from '../gateway/hosts/hosts.ts';
import type { Place } from '../gateway/hosts/places.ts';
import { checkStableShim, writeStableShim } from '../gateway/hosts/stable-shim.ts';
import type { Context } from './context.ts';
import { note } from './output.ts';

/** The clients of whoever runs the command: their files, and what is remembered of them, need no gateway. */
export function openHosts(context: Context): Hosts {
  const { paths } = context;
  return createHosts({
    ...placeOf(context),
    folder: paths.hosts,
    version: context.version,
    // The entry names this file, so it has to be there before the client starts it.
    checkShim() {
      writeStableShim(paths, context.resources);
      checkStableShim(paths);
    },
    clock: systemClock,
    log: {
      debug: () => {},
      // What was done the command says itself.
      info: () => {},
      warn: (message) => note(context, `warning: ${message}`),
      error: (message) => note(context, `warning: ${message}`),
    },
  });
}

/** Whose files are meant. */
export function placeOf({ env, paths }: Context): Place & { readonly shim: string } {
  const user = env['HOME'] ?? env['USERPROFILE'] ?? paths.home;
  return { user, env, platform: process.platform, shim: paths.shim };
}

const otherNames: Readonly<Record<string, HostName>> = {
  claude: 'claude-code',
  'vs-code': 'vscode',
  code: 'vscode',
  'gemini-cli': 'gemini',
};

/** The client that somebody names, null when it is none whose file we write. */
export function readHostName(name: string): HostName | null {
  return hostNames.find((known) => known === name) ?? otherNames[name] ?? null;
}
