import { readdirSync } from 'node:fs';
import { localApi } from '../../src-main/gateway/downstream/control.ts';
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

/** A healthy home with one account that has a secret; its gateway is closed again when `use` is done. */
export async function createPatient(
  scope: Scope,
  options: {
    readonly config?: string;
    use?(api: Api, desk: Desk, home: Home): void | Promise<void>;
  } = {},
): Promise<Patient> {
  const home = createHome(scope, options.config ?? '[http]\nenabled = false\n');
  const desk = await openDesk(scope, home, { isAttended: false });
  const api = localApi(desk.host.handlers);
  const { launch } = createFake(home, 'main');
  const main = { launch: { ...launch, secretEnv: ['KEY'] }, secrets: { KEY: 'sesame' } };
  await api.profiles.add(account('main', main));
  await options.use?.(api, desk, home);
  await desk.host.close();
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
