import type { CommandRunner } from '../gateway/downstream/command-session.ts';
import { createCommandRunner as createRunner } from './handed-command.ts';
import { runCli } from './program.ts';

/** The whole command line, for the app's process: built into a bundle of its own (src-main/electron/commands.ts). */
export function createCommandRunner(deps: {
  readonly resources: string;
  readonly home: string;
}): CommandRunner {
  return createRunner({ ...deps, runLine: runCli });
}
