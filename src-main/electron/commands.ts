import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandRunner } from '../gateway/downstream/command-session.ts';

/**
 * Runs the command lines that shims hand over. The command line's program is a bundle of its own, loaded with the first
 * command: the app neither knows it nor starts later for it.
 */
export function createCommands({
  bundles,
  resources,
  home,
}: {
  readonly bundles: string;
  readonly resources: string;
  /** The state folder of the app. */
  readonly home: string;
}): CommandRunner {
  let loading: Promise<CommandRunner> | null = null;
  const load = async (): Promise<CommandRunner> => {
    const file = pathToFileURL(join(bundles, 'main', 'commands.js')).href;
    const module = (await import(file)) as {
      createCommandRunner(deps: { readonly resources: string; readonly home: string }): CommandRunner;
    };
    return module.createCommandRunner({ resources, home });
  };
  return async (command, streams) => (await (loading ??= load()))(command, streams);
}
