import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { localApi } from '../../src-main/gateway/downstream/control.ts';
import { socketPath } from '../../src-main/gateway/storage/endpoint.ts';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import type { AddProfile, Api } from '../../src-shared/contract.ts';
import type { Finding } from '../../src-shared/doctor.ts';
import { createFake } from './fake.ts';
import { createHome, type Home, type Scope } from './home.ts';
import { openDesk, type Desk } from './host.ts';
import { nucleus, passphrase } from './nucleus.ts';

/** A home on which something is planted, and what opens its vault. */
export interface Patient {
  readonly home: Home;
  readonly env: Readonly<Record<string, string>>;
}

export interface PatientOptions {
  use?(api: Api, desk: Desk, home: Home): void | Promise<void>;
}

const config = '[http]\nenabled = false\n';

/** A healthy home with one account that has a secret; its gateway is closed again when `use` is done. */
export async function createPatient(scope: Scope, options: PatientOptions | 'bare' = {}): Promise<Patient> {
  if (options === 'bare') return createBare(scope);
  const home = createHome(scope, config);
  const desk = await openDesk(scope, home, { isAttended: false });
  const api = localApi(desk.host.handlers);
  const { launch } = createFake(home, 'main');
  const main = { launch: { ...launch, secretEnv: ['KEY'] }, secrets: { KEY: 'sesame' } };
  await api.profiles.add(account('main', main));
  await options.use?.(api, desk, home);
  await desk.host.close();
  return { home, env: passphrase(home) };
}

function createBare(scope: Scope): Patient {
  const home = createHome(scope, config);
  return { home, env: passphrase(home) };
}

/** An account of a connector `mine`, whose server ends at once unless another is said. */
export function account(name: string, more: Partial<AddProfile> = {}): AddProfile {
  const launch = { command: '/bin/true' };
  return { connector: 'mine', name, launch, env: 'personal', connect: false, ...more };
}

export interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  readonly stderr: string;
}

/** What `nucleus doctor --json` says. */
export async function diagnose(
  { home, env }: Patient,
  args: readonly string[] = [],
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await nucleus(home, ['doctor', '--json', ...args], {
    env: { ...env, ...more },
    within: 30_000,
  });
  if (stdout === '') throw new Error(`nucleus doctor said nothing: ${stderr}`);
  return { code, findings: JSON.parse(stdout) as Finding[], stderr };
}

/** Every path of a home, sorted. */
export function listing(home: Home): string[] {
  return readdirSync(home.root, { recursive: true, encoding: 'utf8' }).sort();
}

/** Something planted, and what the doctor has to say of it. */
export interface Fault {
  readonly name: string;
  /** How the home was made that it is planted in; `bare`: with a state folder and nothing in it. */
  readonly made?: PatientOptions | 'bare';
  plant(patient: Patient, scope: Scope): void | Promise<void>;
  readonly check: string;
  readonly message: RegExp;
  readonly fix: RegExp;
  /** Whether `--fix` mends it; nothing else is touched by it. */
  readonly isMended?: true;
  readonly env?: (home: Home) => Readonly<Record<string, string | undefined>>;
}

/** Whether it is what was planted. */
export function checkFinding(finding: Finding | undefined, fault: Fault, level: Finding['level']): void {
  assert.ok(finding, `${fault.name}: nothing was told`);
  assert.equal(finding.level, level, fault.name);
  assert.match(finding.message, fault.message, fault.name);
  assert.match(finding.fix ?? '', fault.fix, fault.name);
  assert.equal(finding.isFixable, fault.isMended === true, fault.name);
}

/** Where Claude Desktop looks. */
export function claudeFile(home: Home): string {
  return home.path('user/.config/Claude/claude_desktop_config.json');
}

/** Where the gateway of a home listens. */
export function socketOf(home: Home): string {
  return socketPath(createPaths(home.env), home.env, process.getuid?.() ?? 0);
}

/** A gateway that a client of this home was connected with. */
export const connected: PatientOptions = {
  async use(_api, desk, home) {
    mkdirSync(dirname(claudeFile(home)), { recursive: true });
    await desk.host.person.hosts.connect(
      { host: 'claude-desktop' },
      { signal: new AbortController().signal },
    );
  },
};
