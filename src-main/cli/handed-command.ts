import { finished } from 'node:stream/promises';
import { NucleusError } from '../../src-shared/errors.ts';
import type { CommandRunner } from '../gateway/downstream/command-session.ts';
import type { Surroundings } from './context.ts';
import { noTerminal } from './surroundings.ts';

/**
 * Runs command lines that a shim hands to the gateway's process. They come as far as a process of their own would: they
 * ask over the gateway's socket as any command does, and a PIN is typed on the shim's terminal.
 */
export function createCommandRunner({
  resources,
  home,
  runLine,
}: {
  readonly resources: string;
  /** The state folder of the gateway. */
  readonly home: string;
  /** Runs a command line where it is told to. */
  runLine(argv: readonly string[], surroundings: Surroundings): Promise<number>;
}): CommandRunner {
  return async ({ argv, env, cwd, terminal }, { stdin, stdout, stderr, openTerminal, interrupt, gone }) => {
    const code = await runLine(argv, {
      // Another folder is another gateway's; and a relative path would start from where this process works.
      env: { ...env, NUCLEUS_HOME: home },
      cwd,
      stdin,
      stdout,
      stderr,
      resources,
      async openTerminal() {
        const streams = await openTerminal();
        if (streams === null) throw noTerminal();
        return streams;
      },
      terminalPath() {
        if (terminal !== null) return terminal;
        throw new NucleusError(
          'TERMINAL_UNUSABLE',
          'this takes a person: run it in a terminal, or open the app; nothing was changed',
        );
      },
      interrupt,
      gone,
    });
    await Promise.all([stdout, stderr].map((stream) => finished(stream.end())));
    return code;
  };
}
