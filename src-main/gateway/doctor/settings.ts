import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding } from '../../../src-shared/doctor.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import type { PolicyProblem } from '../../../src-shared/policy.ts';
import { loadConfig } from '../config/load.ts';
import { parsePolicy, readPolicyText } from '../policy/policy-file.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import type { Inside, Outside } from './scene.ts';

/** The files people write: whether they can be read, and what is wrong in them. */
export function settingsChecks({ configPlace, paths }: Outside): Check[] {
  return [
    { ids: ['config'], look: () => [checkConfig(configPlace)] },
    { ids: ['policy'], look: () => checkPolicyText(paths.policy) },
  ];
}

/** What only a gateway can tell of them: what a person agreed to. */
export function trustChecks({ handlers }: Inside): Check[] {
  return [
    {
      ids: ['policy'],
      async look(signal) {
        const { file, state, problems } = await handlers.policy.get({}, { signal });
        if (state === 'none') return [];
        const warnings = problems.filter(({ severity }) => severity === 'warning');
        const findings = warnings.map((problem) => describeProblem(file, problem));
        if (state === 'pending')
          findings.push(
            warn(
              'policy',
              `${file} allows more than what a person accepted, so the stricter of both judges`,
              'nucleus policy accept',
              { subject: file },
            ),
          );
        const isFine = problems.length === 0 && findings.length === 0;
        return isFine ? [ok('policy', `${file} judges`, { subject: file })] : findings;
      },
    },
    {
      ids: ['workspace-file'],
      async look(signal) {
        const workspaces = await handlers.workspaces.list({}, { signal });
        const files = new Map(workspaces.flatMap((one) => one.files).map((file) => [file.path, file]));
        return [...files.values()].flatMap(({ path, state, problems }): Finding[] => {
          const about = { subject: path };
          const trust = `look at it, then: nucleus workspace trust ${dirname(path)}`;
          if (state === 'untrusted')
            return [warn('workspace-file', `${path} does not apply: nobody said it may`, trust, about)];
          if (state === 'changed')
            return [
              warn('workspace-file', `${path} was changed; what was trusted before applies`, trust, about),
            ];
          return problems.map(({ line, message, fix }) =>
            warn('workspace-file', `${path}${line === null ? '' : `:${line}`}: ${message}`, fix, about),
          );
        });
      },
    },
  ];
}

function checkConfig({ path, sources }: Outside['configPlace']): Finding {
  try {
    loadConfig(path, sources);
    return ok('config', existsSync(path) ? `${path} is valid` : 'no config.toml; the defaults hold', {
      subject: path,
    });
  } catch (error) {
    return fail('config', toNucleusError(error).message, `edit ${path}`, { subject: path });
  }
}

function checkPolicyText(file: string): Finding[] {
  const { text, problem } = readPolicyText(file);
  if (problem !== undefined) return [describeProblem(file, problem)];
  if (text === null) return [];
  return parsePolicy(text).problems.map((one) => describeProblem(file, one));
}

function describeProblem(file: string, { severity, line, column, message }: PolicyProblem): Finding {
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  const make = severity === 'error' ? fail : warn;
  return make(
    'policy',
    `${place}: ${message}`,
    `edit ${file}; nucleus policy check says what is wrong with it`,
    {
      subject: file,
    },
  );
}
