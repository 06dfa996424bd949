import { accessSync, constants, existsSync } from 'node:fs';
import type { Api, UpstreamStatus, VaultStatus } from '../../../src-shared/contract.ts';
import type { PolicyInfo } from '../../../src-shared/policy.ts';
import type { ErrorCode } from '../../../src-shared/errors.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import type { ConnectorProblem } from '../../../src-shared/model.ts';
import { withApi } from '../api.ts';
import { findClearTokens } from '../../gateway/storage/original.ts';
import type { Context } from '../context.ts';
import { findGateway } from '../find-gateway.ts';
import { note, printJson, visible } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import { oldManifests } from '../old-manifests.ts';
import { readConfig } from '../read-config.ts';

export type DoctorOptions = { readonly strict?: boolean };

/** What one look found; `fix` is what to do about it, null when nothing is wrong. */
interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly fix: string | null;
}

const markers = { ok: '[ ok ]', warn: '[warn]', fail: '[fail]' } as const;

/** `nucleus doctor`: looks at everything it can look at without changing it. */
export const doctor: CommandSpec = {
  define(command) {
    command.option('--strict', 'exit with 1 on warnings too');
  },
  async run(context, _args, options: DoctorOptions) {
    const findings = await withProgress(context, 'Looking at the installation …', examine(context));
    if (context.json) printJson(context, findings);
    else {
      for (const { level, message, fix } of findings) {
        note(context, `${markers[level]} ${visible(message)}`);
        if (fix !== null) note(context, `       fix: ${visible(fix)}`);
      }
    }
    const bad = options.strict === true ? ['warn', 'fail'] : ['fail'];
    return findings.some(({ level }) => bad.includes(level)) ? 1 : 0;
  },
};

async function examine(context: Context): Promise<Finding[]> {
  const config = checkConfig(context);
  return [
    ok(`Node ${process.versions.node}`),
    checkHome(context),
    config,
    await checkGateway(context),
    ...checkClearTokens(context),
    // Without a valid config no gateway opens, and the reason has been said.
    ...(config.level === 'ok' ? await checkRegistry(context) : []),
  ];
}

function checkHome({ paths }: Context): Finding {
  if (!existsSync(paths.home)) return ok(`state folder ${paths.home} will be made with the first profile`);
  try {
    accessSync(paths.home, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(`state folder ${paths.home} can be written`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail(
      `state folder ${paths.home} cannot be written (${code})`,
      `give it back to yourself: chown, chmod 700`,
    );
  }
}

function checkConfig(context: Context): Finding {
  const file = context.config?.path ?? context.paths.config;
  try {
    readConfig(context);
    return ok(existsSync(file) ? `${file} is valid` : 'no config.toml; the defaults hold');
  } catch (error) {
    return fail(toNucleusError(error).message, `edit ${file}`);
  }
}

function checkClearTokens({ paths }: Context): Finding[] {
  const clear = findClearTokens(paths);
  if (clear === null) return [];
  return [
    warn(
      `the original Nucleus left the tokens of its sign-ins in clear text in ${clear.folder} (${clear.names})`,
      `sign in again with nucleus add, then remove the folder: rm -r ${clear.folder}`,
    ),
  ];
}

async function checkGateway({ paths, version }: Context): Promise<Finding> {
  const endpoint = await findGateway(paths);
  if (endpoint === null) {
    return existsSync(paths.stopped)
      ? warn('the gateway was stopped by you; clients wait', 'nucleus start')
      : ok('no gateway is running; the first client starts it');
  }
  const running = `the gateway is running (pid ${endpoint.pid}, version ${endpoint.version})`;
  return endpoint.version === version
    ? ok(running)
    : warn(`${running}, this is ${version}`, 'nucleus stop, then nucleus start');
}

async function checkRegistry(context: Context): Promise<Finding[]> {
  if (!existsSync(context.paths.registry)) return [noProfiles];
  try {
    return await withApi(context, async ({ api }) => [
      ok(`registry ${context.paths.registry} can be read`),
      ...(await checkThroughApi(api)),
    ]);
  } catch (error) {
    const { code, message } = toNucleusError(error);
    return [fail(message, fixes[code] ?? 'run it again with NUCLEUS_LOG=debug and report what it says')];
  }
}

async function checkThroughApi(api: Api): Promise<Finding[]> {
  const profiles = await api.profiles.list({});
  const { connectors, problems } = await api.connectors.list({});
  const { upstreams, httpProblem } = await api.gateway.status({});
  return [
    profiles.length === 0 ? noProfiles : ok(`${profiles.length} profiles`),
    ...(problems.length === 0 ? [ok('all connectors can be used')] : problems.map(describeProblem)),
    ...oldManifests(connectors, profiles, Date.now()).map((sentence) => warn(sentence, oldFix)),
    ...(httpProblem === null ? [] : [warn(`clients cannot come over HTTP: ${httpProblem}`, httpFix)]),
    ...upstreams.flatMap(describeUpstream),
    ...describePolicy(await api.policy.get({})),
    describeVault(await api.vault.status({})),
  ];
}

function describeProblem({ connector, file, message, fix, severity }: ConnectorProblem): Finding {
  const sentence = `connector ${connector} (${file}): ${message}`;
  return severity === 'error' ? fail(sentence, fix) : warn(sentence, fix);
}

function describeUpstream({ profile, problem }: UpstreamStatus): Finding[] {
  return problem === null ? [] : [warn(`${profile}: ${problem}`, `nucleus info ${profile}`)];
}

function describePolicy({ file, state, problems }: PolicyInfo): Finding[] {
  if (state === 'none') return [];
  const said = problems.map(({ severity, line, column, message }) => {
    const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
    const fix = `edit ${file}; nucleus policy check says what is wrong with it`;
    return severity === 'error' ? fail(`${place}: ${message}`, fix) : warn(`${place}: ${message}`, fix);
  });
  if (state === 'pending')
    said.push(
      warn(
        `${file} allows more than what a person accepted, so the stricter of both judges`,
        'nucleus policy accept',
      ),
    );
  return said.length === 0 ? [ok(`${file} judges`)] : said;
}

function describeVault({ state, backend, records, reason }: VaultStatus): Finding {
  if (state !== 'locked')
    return ok(`vault ${state}${backend === null ? '' : ` (${backend})`}, ${records} records`);
  const sentence = `the vault is locked: ${reason ?? 'no key'}`;
  const fix = 'unlock the keychain, or name a file with a passphrase in NUCLEUS_VAULT_PASSPHRASE_FILE';
  // Nobody misses what nobody stored.
  return records === 0 ? warn(sentence, fix) : fail(sentence, fix);
}

const fixes: Partial<Record<ErrorCode, string>> = {
  REGISTRY_NEWER: 'use the newer Nucleus that wrote it, or another NUCLEUS_HOME',
  REGISTRY_DAMAGED: 'put a backup in its place, or move it away and add the profiles again',
  REGISTRY_UNWRITABLE: 'make room on the disk, and give the file back to yourself (chown, chmod 600)',
  STATE_UNUSABLE: 'check owner and mode of the state folder, or point NUCLEUS_HOME elsewhere',
  GATEWAY_BUSY: 'wait for the other nucleus command, or end it',
  GATEWAY_VERSION: 'nucleus stop, then nucleus start',
};

const httpFix =
  'end the other program or set http.listen in config.toml; then nucleus stop and nucleus start. Clients on the socket need neither';

const oldFix = 'update Nucleus; while it works, nothing has to be done';

const noProfiles: Finding = warn('there are no profiles yet', 'nucleus add <connector>');

function ok(message: string): Finding {
  return { level: 'ok', message, fix: null };
}

function warn(message: string, fix: string): Finding {
  return { level: 'warn', message, fix };
}

function fail(message: string, fix: string): Finding {
  return { level: 'fail', message, fix };
}
