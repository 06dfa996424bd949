import type { Handlers, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import type { Finding } from '../../../src-shared/doctor.ts';
import { accountChecks } from './accounts.ts';
import { clientSecretChecks } from './client-secrets.ts';
import { clientChecks } from './clients.ts';
import { examine, patientLimitMs, usualLimitMs, type Check } from './examine.ts';
import { machineChecks, programChecks } from './machine.ts';
import { mend } from './mend.ts';
import { contentChecks, recordChecks } from './records.ts';
import type { Inside, Outside } from './scene.ts';
import { secretChecks } from './secrets.ts';
import { reachedChecks, runningChecks } from './serving.ts';
import { settingsChecks, trustChecks } from './settings.ts';
import { shownChecks } from './shown.ts';
import { canLookInto, stateChecks } from './state-folder.ts';

/** Looks at everything a person relies on, and mends what can be mended safely. */
export interface Doctor {
  readonly run: Handlers['doctor']['run'];
  readonly fix: HandlersOf<PersonContract>['doctor']['fix'];
}

/** `inside` is null where no gateway can be opened: then the files tell what they can. */
export function createDoctor(outside: Outside, inside: Inside | null): Doctor {
  const { clock } = outside.platform;
  const limitMs = outside.isHolder ? usualLimitMs : patientLimitMs;
  const checks = (probe: boolean): Check[] => [
    ...outsideChecks(outside),
    ...(inside ? insideChecks(outside, inside, probe) : []),
  ];
  return {
    run: ({ probe }, { signal }) => examine(checks(probe), { clock, limitMs, signal }),
    async fix({ check, subject }, { signal }) {
      const some = checks(false).filter(({ ids }) => ids.includes(check));
      const look = async (): Promise<Finding | null> =>
        (await examine(some, { clock, limitMs, signal })).find(
          (finding) => finding.check === check && finding.subject === subject,
        ) ?? null;
      const finding = await look();
      if (finding?.isFixable !== true) return { finding: null };
      await mend(outside, finding, signal);
      return { finding: await look() };
    },
  };
}

/** Needs no gateway, so that all of it is told when none can be opened. */
function outsideChecks(outside: Outside): Check[] {
  const always = [...machineChecks(outside), ...stateChecks(outside)];
  // Whatever lies in it fails for one reason, which is told.
  if (!canLookInto(outside.paths.home)) return always;
  return [
    ...always,
    ...settingsChecks(outside),
    ...(outside.isHolder ? [] : runningChecks(outside)),
    ...recordChecks(outside),
    ...clientChecks(outside),
  ];
}

/** What only a gateway can tell, or somebody who looks at its registry. */
export function insideChecks(outside: Outside, inside: Inside, probe: boolean): Check[] {
  return [
    ...programChecks(outside, inside),
    ...trustChecks(inside),
    ...reachedChecks(inside),
    ...contentChecks(outside, inside),
    ...secretChecks(outside, inside),
    ...clientSecretChecks(inside.findSecrets),
    ...accountChecks(outside, inside, probe),
    ...shownChecks(inside),
  ];
}
