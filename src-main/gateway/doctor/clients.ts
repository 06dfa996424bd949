import { accessSync, constants, existsSync, statSync } from 'node:fs';
import type { Finding } from '../../../src-shared/doctor.ts';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import { readTextIfExists } from '../storage/files.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import { nameSome } from './machine.ts';
import type { Outside } from './scene.ts';

/** The clients of this person: whether they start us, and what else stands in their files. */
export function clientChecks({ hosts, paths, findSecrets }: Outside): Check[] {
  const list = async (signal: AbortSignal): Promise<HostStatus[]> => hosts.handlers.list({}, { signal });
  return [
    { ids: ['client-entry', 'client-duplicate'], look: async (signal) => (await list(signal)).flatMap(describeHost) },
    {
      ids: ['command'],
      async look(signal) {
        const isNeeded = (await list(signal)).some(({ state, consented }) => consented || state === 'connected');
        return checkCommand(paths.shim, isNeeded);
      },
    },
    {
      ids: ['client-secret'],
      look: async () =>
        (await findSecrets()).map(({ file, names }) =>
          warn(
            'client-secret',
            `${file} holds ${names.length === 1 ? 'a secret' : 'secrets'} in clear text: ${nameSome(names)}`,
            'nucleus import moves them to the vault',
            { subject: file },
          ),
        ),
    },
  ];
}

function describeHost({ host, title, state, file, consented, duplicates, problem }: HostStatus): Finding[] {
  const about = { subject: host };
  const mending = { ...about, isFixable: consented };
  const install = `nucleus install ${host}`;
  const doubled =
    duplicates.length === 0 || state === 'not-installed'
      ? []
      : [
          warn(
            'client-duplicate',
            `${title} starts Nucleus more than once: ${file} has ${nameSome(duplicates)} as well`,
            install,
            mending,
          ),
        ];
  switch (state) {
    case 'not-installed':
      return [];
    case 'connected':
      return [...doubled, ok('client-entry', `${title} is connected`, about)];
    case 'unreadable':
      return [
        fail('client-entry', `${title}: ${problem ?? `${file} cannot be read`}`, `mend ${file}, then: ${install}`, about),
      ];
    case 'missing':
      // Who never asked for it misses nothing.
      if (!consented) return doubled;
      return [...doubled, warn('client-entry', `${title} lost its entry in ${file}`, install, mending)];
    case 'changed': {
      if (duplicates.length > 0) return doubled;
      const what = consented
        ? `the entry of ${title} in ${file} was changed by somebody else`
        : `${title} has an entry "nucleus" in ${file} that starts something else, such as the original Nucleus`;
      return [warn('client-entry', what, install, mending)];
    }
  }
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
