import type { HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { Finding } from '../../../src-shared/doctor.ts';
import type { ImportPlan } from '../../../src-shared/import.ts';
import type { Check } from './examine.ts';
import { warn } from './finding.ts';
import { nameSome } from './machine.ts';

/** A client's file that holds secrets in clear text, and where in it; never their values. */
export interface ClearSecrets {
  readonly file: string;
  readonly names: readonly string[];
}

/** Finds what an import would move to the vault. */
export type FindSecrets = (signal: AbortSignal) => Promise<readonly ClearSecrets[]>;

export function createFindSecrets({ look }: Pick<HandlersOf<PersonContract>['import'], 'look'>): FindSecrets {
  return async (signal) => clearSecretsOf(await look({ files: [] }, { signal }));
}

export function clientSecretChecks(findSecrets: FindSecrets): Check[] {
  return [
    {
      ids: ['client-secret'],
      look: async (signal) => (await findSecrets(signal)).map(describe),
    },
  ];
}

function describe({ file, names }: ClearSecrets): Finding {
  const what = names.length === 1 ? 'a secret' : 'secrets';
  return warn(
    'client-secret',
    `${file} holds ${what} in clear text: ${nameSome(names)}`,
    'nucleus import, which moves them to the vault',
    { subject: file },
  );
}

function clearSecretsOf({ servers }: Pick<ImportPlan, 'servers'>): ClearSecrets[] {
  const byFile = new Map<string, Set<string>>();
  for (const { file, name, secrets } of servers)
    for (const secret of secrets)
      byFile.set(file, (byFile.get(file) ?? new Set()).add(`${secret.name} of ${name}`));
  return [...byFile].map(([file, names]) => ({ file, names: [...names] }));
}
