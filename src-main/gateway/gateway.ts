import { join } from 'node:path';
import type { AttachLine } from '../../src-shared/attach.ts';
import type { Config } from '../../src-shared/config.ts';
import type { Handlers } from '../../src-shared/contract.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import { parseMode } from '../../src-shared/modes.ts';
import type { Audit } from './audit/audit.ts';
import { createSession, type Session, type SessionIo } from './downstream/session.ts';
import type { Child, Platform } from './platform.ts';
import { allowAll, noLimits } from './policy/policy.ts';
import type { Connectors } from './profiles/connectors.ts';
import { resolveLaunch, type ResolvedLaunch } from './profiles/launch.ts';
import { createProfiles } from './profiles/profiles.ts';
import { createCatalog } from './routing/catalog.ts';
import { createDispatch, resultOf } from './routing/dispatch.ts';
import type { View } from './routing/view.ts';
import { createViews } from './routing/views.ts';
import { createCatalogStore, type DefinitionKind } from './storage/catalog-store.ts';
import type { Registry } from './storage/database.ts';
import { createProfileStore } from './storage/profile-store.ts';
import { onRegistry } from './storage/sqlite-errors.ts';
import type { Vault } from './storage/vault.ts';
import { createLoginPath, upstreamEnvironment } from './upstream/environment.ts';
import { openHttp } from './upstream/http.ts';
import { openStdio, spawnCommand } from './upstream/stdio.ts';
import { createSupervisor } from './upstream/supervisor.ts';
import type { Transport } from './upstream/transport.ts';

/** A list that meets a profile never seen waits this long for it, once. */
const settleMs = 5_000;
/** Changes that come together reach the clients as one notification. */
const changeGapMs = 50;

export interface GatewayDeps {
  readonly platform: Platform;
  readonly config: Config;
  readonly version: string;
  /** State folder, or a temporary stand-in: the folder upstreams start in. */
  readonly home: string;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly connectors: Connectors;
  readonly audit: Audit;
}

/** The product: every account behind one door. Holds no door itself; fronts open sessions on it. */
export interface Gateway {
  readonly handlers: Handlers;
  openSession(io: SessionIo, attach: AttachLine): Session;
  /** Starts listing profiles that were never seen, and keeps trying those that fail. */
  startBackground(): void;
  close(): Promise<void>;
}

/** What the fronts know and status shows. */
export interface Where {
  readonly socket: string | null;
  stop(byPerson: boolean): void;
}

/** Joins the parts of the gateway. Nothing runs until a session or a handler asks for it. */
export function createGateway(deps: GatewayDeps, where: () => Where): Gateway {
  const { platform, config, version, registry, vault, connectors, audit } = deps;
  const { clock, log } = platform;
  const startedAt = clock.now();
  const store = createProfileStore(registry.db);
  const names = createCatalogStore(registry.db);
  const sessions = new Set<Session>();
  const loginPath = createLoginPath({ env: platform.env, clock, log });
  /** First listings under way; a list waits for them, not for retries. */
  const firstListings = new Map<string, Promise<void>>();
  let background = false;
  let profiles = store.list();

  const supervisor = createSupervisor({
    clock,
    log,
    config: config.upstream,
    version,
    open: openTransport,
    onReady: (profile) => {
      // The first call needs no list; what the upstream offers now is read beside it.
      catalog
        .refresh(profile)
        .catch((error: unknown) =>
          log.warn('lists could not be read', { profile, reason: (error as Error).message }),
        );
    },
    onNotification: (profile, method) => {
      if (/^notifications\/(tools|prompts|resources)\/list_changed$/.test(method))
        catalog.refreshSoon(profile);
    },
    wanted: (profile) =>
      background && catalog.offer(profile) === null && profiles.some((known) => known.id === profile),
  });
  const catalog = createCatalog({ store: names, supervisor, clock, log, config: config.upstream });
  const views = createViews({ profiles: () => profiles, catalog, names });
  const dispatch = createDispatch({ policy: allowAll, limits: noLimits, supervisor, audit, clock });

  /** Kinds that changed since the clients were told, by profile. */
  const changed = new Map<string, Set<DefinitionKind>>();
  function tellClients(profile: string, kinds: readonly DefinitionKind[]): void {
    if (changed.size === 0)
      clock.after(changeGapMs, () => {
        const news = new Map(changed);
        changed.clear();
        for (const session of sessions) session.listsChanged(news);
      });
    const known = changed.get(profile) ?? new Set();
    changed.set(profile, new Set([...known, ...kinds]));
  }
  catalog.onChange(tellClients);

  function onProfilesChanged(id: string): void {
    profiles = store.list();
    views.invalidate();
    tellClients(id, ['tool', 'prompt', 'resource']);
    if (background) listNewProfiles();
  }

  async function openTransport(id: string): Promise<Transport> {
    const profile = store.get(id);
    if (!profile) throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"`, { profile: id });
    const launch = await resolveLaunch(profile, connectors.get(profile.connector), (name) =>
      vault.get(id, name),
    );
    if (launch.kind === 'http')
      return openHttp({ ...launch, profile: id, clock, limit: config.upstream.max_frame_mib });
    const env = upstreamEnvironment({
      gateway: platform.env,
      path: await loginPath(),
      pass: launch.pass,
      own: launch.env,
    });
    try {
      return await openStdio(spawn(launch, env), {
        clock,
        lineLimit: config.upstream.max_frame_mib,
        stderr: launch.stderr,
      });
    } catch (error) {
      throw new NucleusError(
        'UPSTREAM_SPAWN_FAILED',
        `the server of ${id} could not be started: ${(error as Error).message}; correct the command of this profile`,
        { profile: id },
      );
    }
  }

  function spawn(launch: Exclude<ResolvedLaunch, { kind: 'http' }>, env: Record<string, string>): Child {
    const cwd = launch.cwd ?? deps.home;
    return launch.kind === 'builtin'
      ? platform.spawnBuiltin(launch.server, { args: launch.args, env, cwd })
      : spawnCommand({ command: launch.command, args: launch.args, env, cwd });
  }

  function listNewProfiles(): void {
    for (const { id } of profiles) {
      if (catalog.offer(id) !== null || firstListings.has(id)) continue;
      const listing = catalog
        .refresh(id)
        // Said by the supervisor already; status shows it.
        .catch(toNucleusError)
        .then(() => void firstListings.delete(id));
      const patience = Promise.withResolvers<void>();
      const forget = clock.after(settleMs, patience.resolve);
      firstListings.set(id, Promise.race([listing, patience.promise]).finally(forget));
    }
  }

  async function settle(view: View): Promise<void> {
    await Promise.all(view.missing().map((id) => firstListings.get(id)));
  }

  const handlers: Handlers = {
    gateway: {
      status: () => ({
        version,
        pid: process.pid,
        home: deps.home,
        socket: where().socket,
        startedAt,
        clients: [...sessions].map((session) => session.client),
        upstreams: profiles.map(({ id }) => ({
          ...supervisor.status(id),
          tools: catalog.offer(id)?.tool.length ?? 0,
        })),
        vault: vault.current(),
        warnings: connectors
          .problems()
          .map(({ connector, message, fix }) => `connector ${connector}: ${message}; ${fix}`),
      }),
      stop({ byPerson }) {
        where().stop(byPerson);
        return {};
      },
    },
    connectors: {
      list: () => ({
        connectors: connectors.list().map((manifest) => connectors.summary(manifest)),
        problems: [...connectors.problems()],
      }),
    },
    profiles: createProfiles({
      store,
      transaction: (work) => onRegistry(() => registry.db.transaction(work)()),
      vault,
      connectors,
      catalog,
      supervisor,
      clock,
      onChange: onProfilesChanged,
    }),
    tools: {
      async list() {
        const view = await listedView();
        return {
          tools: view.rows('tool').map(({ key, route, json }) => ({
            name: key,
            profile: route.binding.profile,
            tool: route.name,
            description: (JSON.parse(json) as { description: string }).description,
          })),
          missing: view.missing(),
        };
      },
      async call({ name, arguments: args }, { signal }) {
        let view = views.select(undefined)();
        if (!view.find('tool', name)) view = await listedView();
        const route = view.find('tool', name);
        if (!route) {
          const similar = view.similar('tool', name);
          const hint =
            similar.length > 0 ? `did you mean ${similar.join(', ')}?` : 'nucleus tools shows what there is';
          throw new NucleusError('TOOL_UNKNOWN', `unknown tool "${name}"; ${hint}`);
        }
        const call = {
          kind: 'tool',
          route,
          params: { name, arguments: args },
          via: 'cli',
          principal: 'local',
        } as const;
        return resultOf(await dispatch({ ...call, client: 'nucleus', signal }));
      },
    },
    vault: {
      status: () => vault.status(),
      move: ({ to }) => vault.move(to),
      rekey: () => vault.rekey(),
      recover: () => vault.recover(),
    },
  };

  /** The default view after every profile in it was listed or failed to be. */
  async function listedView(): Promise<View> {
    const view = views.select(undefined)();
    await Promise.all(view.missing().map((id) => catalog.refresh(id).catch(toNucleusError)));
    return view;
  }

  return {
    handlers,
    openSession(io, attach) {
      parseMode(attach.view?.mode ?? '');
      const view = views.select(attach.view);
      const session = createSession(
        { clock, log, limits: config.client, version, dispatch, settle },
        { ...io, end: () => (sessions.delete(session), io.end()) },
        attach,
        view,
      );
      sessions.add(session);
      return session;
    },
    startBackground() {
      background = true;
      listNewProfiles();
    },
    async close() {
      background = false;
      for (const session of sessions) session.close();
      catalog.close();
      await supervisor.close();
      audit.close();
      vault.close();
    },
  };
}

/** Where our own connectors and servers lie below the resources folder. */
export function builtinConnectors(resources: string): string {
  return join(resources, 'connectors');
}
