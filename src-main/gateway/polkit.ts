import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { NucleusError } from '../../src-shared/errors.ts';

/** Ours, in resources/polkit; an administrator installs it (docs/security.md). */
const action = 'dev.nucleus.approve';

export interface PolkitPlace {
  /** Whole path: who starts the gateway may choose PATH, and what is found there would say yes. */
  readonly pkcheck: string;
  readonly policy: string;
  readonly uid: number;
}

const place: PolkitPlace = {
  pkcheck: '/usr/bin/pkcheck',
  policy: `/usr/share/polkit-1/actions/${action}.policy`,
  uid: process.getuid?.() ?? 0,
};

/** Asks for the user's own password through polkit; null where that is not installed. */
export function polkitProof({ pkcheck, policy, uid }: PolkitPlace = place):
  ((sentence: string, signal: AbortSignal) => Promise<boolean>) | null {
  if (process.platform !== 'linux' || !existsSync(pkcheck) || !existsSync(policy)) return null;
  // polkit says yes to root without asking anybody.
  if (uid === 0) return null;
  // polkit shows the words of the action only: to add to them is for programs it trusts, and we are none.
  return (_sentence, signal) =>
    new Promise((resolve, reject) => {
      const subject = `${process.pid},${startTime()},${uid}`;
      const args = ['--action-id', action, '--process', subject, '--allow-user-interaction'];
      execFile(pkcheck, args, { signal, env: {} }, (error, _stdout, stderr) => {
        if (!error) return resolve(true);
        // 1: refused, 3: dismissed, and an end by us is a no as well.
        if (signal.aborted || error.code === 1 || error.code === 3) return resolve(false);
        const [why = ''] = stderr.trim().split('\n');
        reject(
          new NucleusError(
            'PERSON_REQUIRED',
            `polkit could not ask you (${why === '' ? error.message : why}); use the app, or the approval PIN`,
          ),
        );
      });
    });
}

/** When this process began, as polkit tells it from a later one with the same number (proc(5), field 22). */
function startTime(): string {
  // The name in brackets may hold anything, so what counts begins behind the last one.
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return fields[19] ?? '0';
}
