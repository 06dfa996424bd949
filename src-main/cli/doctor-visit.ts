import { lstatSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Api } from '../../src-shared/contract.ts';
import { Config } from '../../src-shared/config.ts';
import type { Finding } from '../../src-shared/doctor.ts';
import { noProfiles } from '../gateway/doctor/accounts.ts';
import { createDoctor, insideChecks, type Doctor } from '../gateway/doctor/doctor.ts';
import { examine, patientLimitMs, worstFirst } from '../gateway/doctor/examine.ts';
import { failBy } from '../gateway/doctor/finding.ts';
import { openToLook } from '../gateway/doctor/look.ts';
import type { Outside } from '../gateway/doctor/scene.ts';
import type { Platform } from '../gateway/platform.ts';
import { gatewayEnvironment } from '../gateway/storage/session-env.ts';
import { closeOnSignal, openApi } from './api.ts';
import type { Context } from './context.ts';
import { findGateway } from './find-gateway.ts';
import { openHosts } from './hosts.ts';
import { createOwnPlatform } from './own-platform.ts';
import { configPlace, readConfig } from './read-config.ts';

/** The doctor of a command, which is a visitor: the gateway, if there is one, is another process. */
export interface Visit {
  examine(options: { readonly probe: boolean }): Promise<readonly Finding[]>;
  /** Mends one finding and looks again; null when it is no longer there to be mended. */
  fix(finding: Finding): Promise<Finding | null>;
}

export function createVisit(context: Context, signal: AbortSignal): Visit {
  const outside = createOutside(context);
  const doctor = createDoctor(outside, null);
  return {
    examine: async ({ probe }) =>
      worstFirst(await lookEverywhere(context, { outside, doctor, probe, signal })),
    fix: async ({ check, subject }) => (await doctor.fix({ check, subject }, { signal })).finding,
  };
}

async function lookEverywhere(
  context: Context,
  scene: {
    readonly outside: Outside;
    readonly doctor: Doctor;
    readonly probe: boolean;
    readonly signal: AbortSignal;
  },
): Promise<Finding[]> {
  const { outside, doctor, probe, signal } = scene;
  const { paths } = context;
  const found = await doctor.run({ probe: false }, { signal });
  const ask = async (api: Api): Promise<Finding[]> => [...found, ...(await api.doctor.run({ probe }))];
  // Why nobody gets in has been said.
  if (isBad(found, 'home')) return found;
  try {
    if (!isBad(found, 'socket') && (await findGateway(paths)) !== null) return await asking(context, ask);
  } catch (error) {
    return [...found, failBy('gateway', error)];
  }
  if (!lstatSync(paths.registry, { throwIfNoEntry: false })) return [...found, noProfiles];
  // Without a valid config no gateway opens.
  if (isBad(found, 'config')) return found;
  try {
    // A sign-in that is refreshed must be kept: servers are started by the gateway of this folder, and by no copy. And
    // the process of a gateway opens no second one beside it, by the caller's keychain.
    if (probe || context.gone !== null) return await asking(context, ask);
    return [...found, ...(await lookInside(outside, readConfig(context), signal))];
  } catch (error) {
    return [...found, failBy('registry', error, { subject: paths.registry })];
  }
}

async function lookInside(outside: Outside, config: Config, signal: AbortSignal): Promise<Finding[]> {
  const { clock } = outside.platform;
  const look = await openToLook({ ...outside, config });
  const forget = closeOnSignal(look);
  try {
    const checks = insideChecks(outside, look.inside, false);
    return await examine(checks, { clock, limitMs: patientLimitMs, signal });
  } finally {
    forget();
    await look.close();
  }
}

async function asking<T>(context: Context, ask: (api: Api) => Promise<T>): Promise<T> {
  const { api, close } = await openApi(context);
  try {
    return await ask(api);
  } finally {
    await close();
  }
}

function createOutside(context: Context): Outside {
  const { paths, resources, version } = context;
  const platform = createOwnPlatform(context, logOf(context), environmentOf(context));
  return {
    platform,
    paths,
    configPlace: configPlace(context),
    resources,
    version,
    hosts: openHosts(context),
    isHolder: false,
  };
}

function logOf(context: Context): Config['log'] {
  try {
    return readConfig(context).log;
  } catch {
    // What is wrong with it is one of the findings.
    return Config.parse({}).log;
  }
}

function environmentOf({ paths, env }: Context): Platform['env'] {
  try {
    return gatewayEnvironment(paths, env, userInfo().uid);
  } catch {
    // What the last login left cannot be read, and why is one of the findings.
    return env;
  }
}

function isBad(findings: readonly Finding[], check: string): boolean {
  return findings.some((finding) => finding.check === check && finding.level === 'fail');
}
