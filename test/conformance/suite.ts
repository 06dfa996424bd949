import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RequirementSet } from './pairing.ts';

export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly description: string;
  readonly errorMessage?: string;
}

export interface ScenarioResult {
  readonly scenario: string;
  /** Whether the revision demands it; the others are run for what can be seen. */
  readonly isScored: boolean;
  readonly checks: readonly Check[];
}

interface SuiteRun {
  readonly set: RequirementSet;
  readonly url: string;
  /** Where the suite leaves its results. */
  readonly folder: string;
  readonly scenario?: string | undefined;
  readonly onOutput?: ((text: string) => void) | undefined;
}

const packageFolder = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance');
/** The longest scenario takes 7 s against a server that answers. */
const scenarioLimit = 12_000;
const suiteLimit = 170_000;

/** Runs the official suite in the server role and reads what it found. A scored scenario without a result failed. */
export async function runSuite(run: SuiteRun): Promise<readonly ScenarioResult[]> {
  const { set, url, folder, scenario } = run;
  const args = [
    join(packageFolder, 'dist/index.js'),
    'server',
    '--url',
    url,
    '--output-dir',
    folder,
    '--timeout',
    String(scenarioLimit),
    ...(scenario === undefined ? ['--requirements', set] : ['--scenario', scenario, '--spec-version', set]),
  ];
  const output = await finish(args, run.onOutput);
  const scored = scoredScenarios(set);
  const found = globSync('server-*/checks.json', { cwd: folder }).map((file) =>
    readResult(join(folder, file), scored),
  );
  if (scenario !== undefined) return found;
  const missing = scored.filter((name) => !found.some((result) => result.scenario === name));
  const lost = missing.map((name) => ({
    scenario: name,
    isScored: true,
    checks: [
      {
        id: 'no-result',
        status: 'FAILURE' as const,
        description: 'The suite leaves a result',
        errorMessage: `no result; the suite ended with: ${output.trim().split('\n').at(-1) ?? ''}`,
      },
    ],
  }));
  return [...found, ...lost];
}

/** The scenarios a revision demands of a server, from the suite's own frozen list. */
export function scoredScenarios(set: RequirementSet): readonly string[] {
  const text = readFileSync(join(packageFolder, 'requirements', `${set}.yaml`), 'utf8');
  const [, list = ''] = /^server:\n((?: {2}- .*\n)+)/m.exec(text) ?? [];
  return list.split('\n').flatMap((line) => /^ {2}- (\S+)$/.exec(line)?.[1] ?? []);
}

function readResult(file: string, scored: readonly string[]): ScenarioResult {
  // server-NAME-2026-11-20T09-52-39-131Z
  const scenario = basename(dirname(file)).replace(/^server-|-\d{4}-\d\d-\d\dT[\dZ-]+$/g, '');
  return {
    scenario,
    isScored: scored.includes(scenario),
    checks: JSON.parse(readFileSync(file, 'utf8')) as Check[],
  };
}

async function finish(args: readonly string[], onOutput?: (text: string) => void): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: suiteLimit });
  let output = '';
  const take = (text: string): void => {
    output += text;
    onOutput?.(text);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  return output;
}
