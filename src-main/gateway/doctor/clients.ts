import { accessSync, constants, existsSync, statSync } from 'node:fs';
import type { Finding } from '../../../src-shared/doctor.ts';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import { readTextIfExists } from '../storage/files.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import { nameSome } from './machine.ts';
import type { Outside } from './scene.ts';

/** The clients of this person: whether they start us, and what they start then. */
export function clientChecks({ hosts, paths }: Outside): Check[] {
  return [
    {
      ids: ['client-entry', 'client-duplicate', 'command'],
      async look(signal) {
        const found = await hosts.handlers.list({}, { signal });
        const isNeeded = found.some(({ state, consented }) => consented || state === 'connected');
        return [...found.flatMap(describeHost), ...checkCommand(paths.shim, isNeeded)];
      },
    },
  ];
}

function describeHost(status: HostStatus): Finding[] {
  if (status.state === 'not-installed') return [];
  const doubled = describeDuplicates(status);
  // A second entry is why it counts as changed, and mended with it.
  if (status.state === 'changed' && doubled.length > 0) return doubled;
  return [...doubled, ...describeEntry(status)];
}

function describeDuplicates({ host, title, file, consented, duplicates }: HostStatus): Finding[] {
  if (duplicates.length === 0) return [];
  return [
    warn(
      'client-duplicate',
      `${title} starts Nucleus more than once: ${file} has ${nameSome(duplicates)} as well`,
      `nucleus install ${host}`,
      { subject: host, isFixable: consented },
    ),
  ];
}

function describeEntry({ host, title, state, file, consented, problem }: HostStatus): Finding[] {
  const about = { subject: host };
  const mending = { ...about, isFixable: consented };
  const install = `nucleus install ${host}`;
  if (state === 'connected') return [ok('client-entry', `${title} is connected`, about)];
  if (state === 'unreadable')
    return [
      fail(
        'client-entry',
        `${title}: ${problem ?? `${file} cannot be read`}`,
        `mend ${file}, then: ${install}`,
        about,
      ),
    ];
  if (state === 'changed' && consented)
    return [
      warn('client-entry', `the entry of ${title} in ${file} was changed by somebody else`, install, mending),
    ];
  if (state === 'changed')
    return [
      warn(
        'client-entry',
        `${title} has an entry "nucleus" in ${file} that starts something else, such as the original Nucleus`,
        install,
        about,
      ),
    ];
  // Who never asked for it misses nothing.
  if (!consented) return [];
  return [warn('client-entry', `${title} lost its entry in ${file}`, install, mending)];
}

/** Whether the command that client entries name leads to a program. */
function checkCommand(shim: string, isNeeded: boolean): Finding[] {
  const about = { subject: shim, isFixable: true };
  const fix = 'nucleus doctor --fix, or nucleus start, writes it anew';
  // On Windows entries name a program, which hosts.list looks at.
  if (process.platform === 'win32') return [];
  if (!existsSync(shim))
    return isNeeded ? [fail('command', `${shim}, which clients start, is missing`, fix, about)] : [];
  try {
    accessSync(shim, constants.X_OK);
    if (!statSync(shim).isFile()) throw new Error('not a file');
  } catch {
    return [fail('command', `${shim}, which clients start, cannot be started`, fix, about)];
  }
  const target = targetOf(readTextIfExists(shim) ?? '');
  if (target !== null && !existsSync(target))
    return [fail('command', `${shim}, which clients start, leads to ${target}, which is gone`, fix, about)];
  return [ok('command', `${shim}, which clients start, leads to a program`, { subject: shim })];
}

/** Where our script goes on; null for what we did not write. */
function targetOf(script: string): string | null {
  const [, quoted] = /^exec '((?:[^']|'\\'')*)' "\$@"$/m.exec(script) ?? [];
  return quoted?.replaceAll(`'\\''`, `'`) ?? null;
}
