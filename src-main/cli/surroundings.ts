import { constants, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Surroundings } from './context.ts';
import { ownTerminal } from './terminal.ts';

/** What is around a command in a process of its own. */
export function processSurroundings(resources: string): Surroundings {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    resources,
    async openTerminal() {
      const stdin = new ReadStream(openOwn(constants.O_RDONLY));
      const stderr = new WriteStream(openOwn(constants.O_WRONLY));
      return {
        stdin,
        stderr,
        close() {
          stdin.destroy();
          stderr.destroy();
        },
      };
    },
    terminalPath: ownTerminal,
    interrupt: () => void process.kill(process.pid, 'SIGINT'),
    gone: null,
  };
}

function openOwn(flags: number): number {
  try {
    return openSync('/dev/tty', flags | constants.O_NOCTTY);
  } catch {
    throw noTerminal();
  }
}

/** Nobody can type where the command runs. */
export function noTerminal(): NucleusError {
  return new NucleusError(
    'PERSON_REQUIRED',
    'this takes a person: run it in a terminal of your own, or open the app; nothing was changed',
  );
}
