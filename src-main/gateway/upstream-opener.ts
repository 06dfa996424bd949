import type { Config } from '../../src-shared/config.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Child, Platform } from './platform.ts';
import type { Connectors } from './profiles/connectors.ts';
import { resolveLaunch, withoutNarrowing, type ResolvedLaunch } from './profiles/launch.ts';
import type { Places } from './profiles/places.ts';
import { connectionOf } from './profiles/side-connection.ts';
import type { Candidates } from './sign-in/candidates.ts';
import type { Tokens } from './sign-in/tokens.ts';
import type { ProfileStore } from './storage/profile-store.ts';
import type { Vault } from './storage/vault.ts';
import type { Authorization } from './upstream/authorization.ts';
import { createLoginPath, upstreamEnvironment } from './upstream/environment.ts';
import { openHttpOfEra } from './upstream/http-eras.ts';
import { openModernHttp } from './upstream/http-modern.ts';
import { openHttpOrSse, type SpokenTransports } from './upstream/http-or-sse.ts';
import { openHttp } from './upstream/http.ts';
import { openSse } from './upstream/sse.ts';
import { openStdio, spawnCommand } from './upstream/stdio.ts';
import type { Transport } from './upstream/transport.ts';

/** Opens the transport of a profile: its command, secrets and environment are looked up anew at every start. */
export function createUpstreamOpener(deps: {
  readonly platform: Platform;
  readonly config: Config['upstream'];
  /** Folder an upstream starts in when its profile names none. */
  readonly home: string;
  readonly store: Pick<ProfileStore, 'get'>;
  readonly connectors: Pick<Connectors, 'of'>;
  readonly places: Pick<Places, 'problem'>;
  readonly vault: Pick<Vault, 'get'>;
  readonly candidates: Pick<Candidates, 'open'>;
  /** Throws while everything is locked. */
  checkLock(): void;
  /** null: nobody can sign in here. */
  readonly tokens: Pick<Tokens, 'open'> | null;
  /** The input schema of a tool as the server of a profile lists it. */
  inputSchema(profile: string, tool: string): unknown;
}): (profile: string) => Promise<Transport> {
  const { platform, config } = deps;
  const { clock, log } = platform;
  const loginPath = createLoginPath({ env: platform.env, clock, log });

  function spawn(launch: Exclude<ResolvedLaunch, { kind: 'http' }>, env: Record<string, string>): Child {
    const cwd = launch.cwd ?? deps.home;
    return launch.kind === 'builtin'
      ? platform.spawnBuiltin(launch.server, { args: launch.args, env, cwd })
      : spawnCommand({ command: launch.command, args: launch.args, env, cwd });
  }

  /** What was found out lasts as long as this gateway: a new start of an upstream does not probe again. */
  const spoken: SpokenTransports = new Map();

  async function reach(
    profile: string,
    launch: Extract<ResolvedLaunch, { kind: 'http' }>,
    { isNeeded, signIn }: { readonly isNeeded: boolean; readonly signIn: string | null },
  ): Promise<Transport> {
    const { url, transport, messageUrl } = launch;
    const headers = { ...lowerCased(config.headers), ...launch.headers };
    const secrets = [...launch.secrets, ...wordsOf(headers)];
    // Who brings a token of his own does not sign in.
    const mayNeed =
      deps.tokens !== null && headers['authorization'] === undefined && launch.secrets.length === 0;
    const open = (): Promise<Authorization> | Authorization | undefined =>
      signIn === null
        ? deps.tokens?.open(profile, url, isNeeded)
        : deps.candidates.open(signIn, profile, url);
    const authorization = mayNeed ? await open() : undefined;
    const options = {
      profile,
      url,
      headers,
      secrets,
      authorization,
      clock,
      log,
      limit: config.max_frame_mib,
    };
    if (transport === 'sse' || messageUrl) return openSse({ ...options, messageUrl });
    return openHttpOfEra({
      modern: () => openModernHttp({ ...options, inputSchema: (tool) => deps.inputSchema(profile, tool) }),
      legacy: () => (transport === 'http' ? openHttpOrSse(options, spoken) : openHttp(options)),
    });
  }

  return async (key) => {
    deps.checkLock();
    const { profile: id, isBase, signIn } = connectionOf(key);
    const profile = deps.store.get(id);
    if (!profile) throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"`, { profile: id });
    const manifest = deps.connectors.of(profile);
    const moved = deps.places.problem(profile, manifest);
    if (moved) throw moved;
    const asked = isBase ? withoutNarrowing(profile, manifest) : profile;
    const launch = await resolveLaunch(asked, manifest, (name) => deps.vault.get(id, name));
    if (launch.kind === 'http') return reach(id, launch, { isNeeded: manifest?.auth === 'oauth', signIn });
    const env = upstreamEnvironment({
      gateway: platform.env,
      path: await loginPath(),
      pass: launch.pass,
      own: launch.env,
    });
    try {
      return await openStdio(spawn(launch, env), {
        clock,
        lineLimit: config.max_frame_mib,
        stderr: launch.stderr,
        secrets: launch.secrets,
      });
    } catch (error) {
      throw new NucleusError(
        'UPSTREAM_SPAWN_FAILED',
        `the server of ${id} could not be started: ${(error as Error).message}; correct the command of this profile`,
        { profile: id },
      );
    }
  };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** What a server may repeat of its headers; a secret may stand in one as it is. Short words are left readable in sentences. */
function wordsOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers)
    .flatMap((value) => [value, ...value.split(/[\s,;=]+/)])
    .filter((word) => word.length >= 8);
}
