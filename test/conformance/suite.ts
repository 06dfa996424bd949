import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  /** Where the server under test is, or the command that is the client under test. */
  readonly subject:
    { readonly role: 'server'; readonly url: string } | { readonly role: 'client'; readonly command: string };
  /** Where the suite leaves its results. */
  readonly folder: string;
  readonly scenario?: string | undefined;
  readonly onOutput?: ((text: string) => void) | undefined;
}

const packageFolder = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance');
/** The longest scenario takes 7 s against a server that answers; a client starts a gateway first, beside many others. */
const scenarioLimits = { server: 12_000, client: 120_000 } as const;
const suiteLimit = 170_000;

/** Runs the official suite in one role and reads what it found. A scored scenario without a result failed. */
export async function runSuite(run: SuiteRun): Promise<readonly ScenarioResult[]> {
  const { set, subject, folder, scenario } = run;
  const { role } = subject;
  const args = [
    join(packageFolder, 'dist/index.js'),
    role,
    ...(subject.role === 'server' ? ['--url', subject.url] : ['--command', subject.command]),
    '--output-dir',
    folder,
    '--timeout',
    String(scenarioLimits[role]),
    ...(scenario === undefined ? ['--requirements', set] : ['--scenario', scenario, '--spec-version', set]),
  ];
  const output = await finish(args, run.onOutput);
  const scored = scoredScenarios(role, set);
  const found = globSync('**/checks.json', { cwd: folder }).map((file) => {
    // NAME-2026-11-20T09-52-39-131Z, and server- before it; a name may hold a slash.
    const name = dirname(file).replace(/-\d{4}-\d\d-\d\dT[\dZ-]+$/, '');
    const own = role === 'server' ? name.replace(/^server-/, '') : name;
    return {
      scenario: own,
      isScored: scored.includes(own),
      checks: readChecks(join(folder, dirname(file)), role),
    };
  });
  if (scenario !== undefined) return found;
  const missing = scored.filter((name) => !found.some((result) => result.scenario === name));
  const lost = missing.map((name) => ({
    scenario: name,
    isScored: true,
    checks: [
      failed(
        'no-result',
        'The suite leaves a result',
        `no result; the suite ended with: ${output.trim().split('\n').at(-1) ?? ''}`,
      ),
    ],
  }));
  return [...found, ...lost];
}

/** The scenarios a revision demands in a role, from the suite's own frozen list. */
export function scoredScenarios(role: 'server' | 'client', set: RequirementSet): readonly string[] {
  const text = readFileSync(join(packageFolder, 'requirements', `${set}.yaml`), 'utf8');
  const [, list = ''] = new RegExp(`^${role}:\\n((?: {2}- .*\\n)+)`, 'm').exec(text) ?? [];
  return list.split('\n').flatMap((line) => /^ {2}- (\S+)$/.exec(line)?.[1] ?? []);
}

function readChecks(folder: string, role: 'server' | 'client'): readonly Check[] {
  const checks = JSON.parse(readFileSync(join(folder, 'checks.json'), 'utf8')) as Check[];
  if (role === 'server') return checks;
  // Of a client that never came some scenarios find nothing wrong.
  const [, problem] = /^driver failed: (.*)$/m.exec(readFileSync(join(folder, 'stderr.txt'), 'utf8')) ?? [];
  const isSeen = checks.some(({ status }) => status === 'SUCCESS');
  if (problem === undefined && isSeen) return checks;
  return [
    ...checks,
    failed('driver', 'The client under test does its work', problem ?? 'nothing was seen of it'),
  ];
}

function failed(id: string, description: string, errorMessage: string): Check {
  return { id, status: 'FAILURE', description, errorMessage };
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
