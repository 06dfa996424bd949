import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../../src-shared/config.ts';
import type { GatewayStatus, HandlersOf, PersonContract } from '../../src-shared/contract.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import type { ApprovalWay, EnvClass } from '../../src-shared/policy.ts';
import { createAccounts } from './accounts.ts';
import { createFirstListings } from './first-listings.ts';
import { createGatewaySessions, type GatewaySessions } from './gateway-sessions.ts';
import { createGatewayStatus } from './gateway-status.ts';
import { createAnnouncer, type Announcer } from './announcer.ts';
import { createChangeFeed } from './change-feed.ts';
import { createActivity, noActivity } from './audit/activity.ts';
import type { Audit } from './audit/audit.ts';
import { createRecordIndex } from './audit/record-index.ts';
import type { ConfigPlace } from './config/load.ts';
import { createClientTokens, type ClientTokens } from './downstream/client-tokens.ts';
import { createModern } from './downstream/modern.ts';
import type { Caller, Session } from './downstream/session.ts';
import { createListens } from './downstream/listens.ts';
import { createGuarding } from './guarding.ts';
import { createHandlers, type GatewayHandlers } from './handlers.ts';
import { noLimits } from './policy/limits.ts';
import type { Platform } from './platform.ts';
import type { Connectors } from './profiles/connectors.ts';
import { createAsking } from './profiles/asking.ts';
import { describeCommand } from './profiles/launch.ts';
import { createEnvClasses } from './profiles/env-classes.ts';
import { createPickers } from './profiles/pickers.ts';
import { noToolRules, onlyStricter, type ToolRules } from './profiles/rule-schema.ts';
import { createPlaces } from './profiles/places.ts';
import { createProfiles } from './profiles/profiles.ts';
import { connectionOf } from './profiles/side-connection.ts';
import { createBridge } from './routing/bridge.ts';
import { createCatalog } from './routing/catalog.ts';
import { createComparer } from './routing/compare/comparer.ts';
import { createDispatch, type Call } from './routing/dispatch.ts';
import { createExposedDispatch } from './routing/exposed-dispatch.ts';
import { createLogLevels } from './routing/log-levels.ts';
import type { PlanDeps } from './routing/meta-tools/plan.ts';
import { createMetaTools } from './routing/meta-tools/meta-tools.ts';
import { noAccount } from './routing/meta-tools/own-tool.ts';
import { createCompatRanker } from './routing/ranking/compat.ts';
import { createRanker } from './routing/ranking/ranker.ts';
import { createToolSearch } from './routing/ranking/tool-search.ts';
import { createRequestStates } from './routing/request-states.ts';
import type { Route } from './routing/route.ts';
import { createSticky } from './routing/sticky.ts';
import { unknownRoute } from './routing/unknown.ts';
import { createSubscriptions } from './routing/subscriptions.ts';
import { createTasks } from './routing/tasks.ts';
import { createViews } from './routing/views.ts';
import { createCandidates } from './sign-in/candidates.ts';
import { describeSignIn } from './sign-in/describe.ts';
import { createGrants } from './sign-in/grants.ts';
import { renew } from './sign-in/refresh.ts';
import { createSignIns } from './sign-in/sign-ins.ts';
import { createTokens } from './sign-in/tokens.ts';
import { createSignInTarget } from './sign-in-target.ts';
import { createCatalogStore, type DefinitionKind } from './storage/catalog-store.ts';
import { createClientStore } from './storage/client-store.ts';
import type { Registry } from './storage/database.ts';
import { createEraStore } from './storage/era-store.ts';
import type { Guard } from './storage/guard-store.ts';
import { createProfileStore } from './storage/profile-store.ts';
import { createSignInStore } from './storage/sign-in-store.ts';
import { onRegistry } from './storage/sqlite-errors.ts';
import { createWorkspaceStore } from './storage/workspace-store.ts';
import type { Vault } from './storage/vault.ts';
import { createUpstreamOpener } from './upstream-opener.ts';
import { createEraMemory } from './upstream/era-memory.ts';
import { createSurfaceSettings } from './surface-settings.ts';
import { createSupervisor } from './upstream/supervisor.ts';
import { createNewOld } from './wire/eras/new-old.ts';
import type { Params } from './wire/frame.ts';
import { hasCapability } from './wire/peer.ts';
import { createWorkspaceHandlers } from './workspaces/handlers.ts';
import { createTrust } from './workspaces/trust.ts';
import { createWorkspaces } from './workspaces/workspaces.ts';

/** Changes that come together reach the clients as one notification. */
const changeGapMs = 50;

export interface GatewayDeps {
  readonly platform: Platform;
  readonly config: Config;
  /** Where the configuration was read; null when there is no file of it. */
  readonly configPlace: ConfigPlace | null;
  readonly version: string;
  /** State folder, or a temporary stand-in: the folder upstreams start in. */
  readonly home: string;
  readonly registry: Registry;
  readonly vault: Vault;
  /** What only a person may loosen; loaded. */
  readonly guard: Guard;
  /** policy.toml, there or not; null for a gateway without state. */
  readonly policyFile: string | null;
  /** false: no vault keeps what a sign-in brings. */
  readonly canSignIn: boolean;
  readonly connectors: Connectors;
  readonly audit: Audit;
  /** Where the calls that were made are looked up; null for a gateway without state. */
  readonly records: Records | null;
  /** What a person may do to the machine around the gateway; none of it without state. */
  readonly machine?: () => MachineHandlers;
}

export interface Records {
  /** audit.log, and the index it is searched by. */
  readonly path: string;
  readonly index: string;
  /** The number of the last line that the vault vouches for. */
  readonly sealedTo: () => Promise<number | null>;
}

/** The product: every account behind one door. Holds no door itself; fronts open sessions on it. */
export interface Gateway extends GatewaySessions {
  readonly handlers: GatewayHandlers;
  /** A person can be asked in the app from now on, until the returned function is called. */
  attend(): () => void;
  readonly announcer: Announcer;
  status(): GatewayStatus;
  /** Who may come over HTTP, and what each may see. */
  readonly clients: ClientTokens;
  mayShow(caller: Caller, profile: string): boolean;
  /** What only a person may do, for one who was there in this way. */
  person(way: ApprovalWay): PersonHandlers;
  /** Starts listing profiles that were never seen, and keeps trying those that fail. */
  startBackground(): void;
  close(): Promise<void>;
}

/** Files of this person that are not the gateway's. */
export type MachineHandlers = Pick<HandlersOf<PersonContract>, 'hosts' | 'import' | 'doctor'>;
export type PersonHandlers = Omit<HandlersOf<PersonContract>, keyof MachineHandlers>;

/** What the fronts know and status shows. */
export interface Where {
  readonly socket: string | null;
  /** Base URL of the HTTP front, such as `http://127.0.0.1:8787`; null while it does not listen. */
  readonly http: string | null;
  /** Why it does not listen though it should, in one sentence. */
  readonly httpProblem: string | null;
  stop(byPerson: boolean): void;
}

/** Joins the parts of the gateway. Nothing runs until a session or a handler asks for it. */
export function createGateway(deps: GatewayDeps, where: () => Where): Gateway {
  const { platform, config, version, registry, vault, guard, connectors, audit } = deps;
  const { clock, log } = platform;
  const startedAt = clock.now();
  const userHome = platform.env['HOME'] ?? platform.env['USERPROFILE'] ?? deps.home;
  const store = createProfileStore(registry.db);
  const names = createCatalogStore(registry.db, config.surface.separator);
  const announcer = createAnnouncer({ clock, log });
  const clients = createClientTokens({ store: createClientStore(registry.db), clock });
  const sessions = new Map<Session, PromiseWithResolvers<void>>();
  let background = false;
  let shown = store.list();

  const signInStore = createSignInStore(registry.db);
  const grants = createGrants({ vault, store: signInStore, transaction });
  const tokens = createTokens({
    grants,
    store: signInStore,
    clock,
    log,
    renew: (grant) => renew(grant, clock),
    onChange: () => announcer.announce('sign-in'),
  });

  const envs = createEnvClasses({ guard });
  const candidates = createCandidates();
  const places = createPlaces({ store, connectors, vault });

  const supervisor = createSupervisor({
    clock,
    log,
    config: config.upstream,
    version,
    open: createUpstreamOpener({
      platform,
      config: config.upstream,
      home: deps.home,
      store,
      connectors,
      places,
      vault,
      candidates,
      checkLock: () => guarding.lock.check(),
      tokens: deps.canSignIn ? tokens : null,
      inputSchema: (profile, tool) => catalog.inputSchema(profile, tool),
    }),
    eras: createEraMemory({ store: createEraStore(registry.db), clock, launchOf }),
    onReady: (profile) => {
      if (!connectionOf(profile).isOwn) return;
      logLevels.ready(profile);
      subscriptions.ready(profile);
      // The first call needs no list; what the upstream offers now is read beside it.
      catalog
        .refresh(profile)
        .catch((error: unknown) =>
          log.warn('lists could not be read', { profile, reason: (error as Error).message }),
        );
    },
    onNotification: (profile, method, params) => {
      if (!connectionOf(profile).isOwn) return;
      if (method === 'notifications/resources/updated') listens.updated(profile, params ?? {});
      if (!method.endsWith('/list_changed'))
        for (const session of sessions.keys()) session.hear(profile, method, params);
      else if (/^notifications\/(tools|prompts|resources)\/list_changed$/.test(method))
        catalog.refreshSoon(profile);
    },
    roots,
    onState: () => announcer.announce('status'),
    wanted: (profile) =>
      background &&
      !guarding.lock.isClosed() &&
      catalog.offer(profile) === null &&
      shown.some((known) => known.id === profile),
  });
  const subscriptions = createSubscriptions({ supervisor: () => supervisor, log });
  const logLevels = createLogLevels({
    supervisor: () => supervisor,
    log,
    takesLevel: (profile) =>
      hasCapability(catalog.offer(profile)?.greeting ?? {}, ['capabilities', 'logging']),
  });
  const catalog = createCatalog({ store: names, supervisor, clock, log, config: config.upstream });
  const firstListings = createFirstListings({ catalog, clock });
  const { settle } = firstListings;
  const settings = createSurfaceSettings(config.surface, deps.configPlace);
  const workspaceStore = createWorkspaceStore(registry.db);
  const workspaces = createWorkspaces({
    home: userHome,
    store: workspaceStore,
    profiles: () => shown,
    rules: () =>
      [...new Set(shown.map(({ connector }) => connector))].map((connector) => ({
        connector,
        rules: connectors.get(connector)?.autodetect ?? [],
      })),
    http: () => where().http,
    clock,
    log,
    onChange() {
      views.invalidate();
      announcer.announce('workspaces');
      announcer.announce('status');
      tellSoon();
    },
  });
  const ownWorkspaces = createWorkspaceHandlers({
    store: workspaceStore,
    workspaces,
    trust: createTrust({ store: workspaceStore, workspaces, clock }),
    clientsOf: (workspace) =>
      clients
        .list()
        .filter(({ view }) => view?.workspace === workspace)
        .map(({ name }) => name),
    clock,
  });
  const newOld = createNewOld({ clock, states: createRequestStates(), setLevel: logLevels.set });
  const guarding = createGuarding({
    platform,
    config: config.approval,
    guard,
    policyFile: deps.policyFile,
    newOld,
    profiles: () => shown.map(({ id }) => id),
    rulesOf,
    annotationsOf: (profile, tool) => catalog.annotations(profile, tool),
    renew: (profile) => (catalog.isRead(profile) ? null : catalog.refresh(profile).then(() => undefined)),
    envOf,
    routeTo,
    personHandlers: (way) => ({ ...personHandlers(way), ...deps.machine?.() }),
    onLock(isLocked) {
      announcer.announce('status');
      if (isLocked) for (const { id } of store.list()) void supervisor.stop(id);
    },
    onApprovals: () => announcer.announce('approvals'),
    onPolicy() {
      announcer.announce('policy');
      announcer.announce('status');
      tellIfMayAsk();
    },
  });
  const { records } = deps;
  const recordIndex =
    records &&
    createRecordIndex({
      path: records.path,
      file: records.index,
      clock,
      log,
      onCaughtUp: () => announcer.announce('activity'),
    });
  audit.onWritten(() => {
    recordIndex?.written();
    announcer.announce('activity');
  });
  const comparer = createComparer({ clock });
  const sticky = createSticky(clock);
  const views = createViews({
    profiles: () => shown,
    catalog,
    names,
    places: workspaces,
    surface: settings.current,
    ownTools: createMetaTools({
      clock,
      comparer,
      newOld,
      maxBytes: config.client.max_message_mib,
      search: createToolSearch({
        catalog,
        createRanker: config.surface.ranker === 'original' ? createCompatRanker : createRanker,
      }),
      sticky,
      isStructured: config.surface.structured_search,
      settle,
      foresee,
      tickets: guarding.tickets,
      isNeeded: mayAsk,
      askAccount: guarding.askAccount,
    }),
  });
  const bridge = createBridge({ supervisor, newOld, clock, roots, outputSchema: catalog.outputSchema });
  const road: Parameters<typeof createDispatch>[0] = {
    gate: guarding.gate,
    limits: noLimits,
    bridge,
    audit,
    whenFull: config.audit.when_full,
    clock,
    onSuccess({ peer, route: { binding } }) {
      if (peer) sticky.used(peer.client, binding.connector, binding.profile);
    },
  };
  const dispatch = createDispatch(road);
  const exposedDispatch = createExposedDispatch(dispatch, config.surface);
  const tasks = createTasks({ clock });
  const listens = createListens({ log, version, dispatch, subscriptions, settle });
  const asking = createAsking({
    dispatchOver: (connection) =>
      createDispatch({ ...road, bridge: (carried) => bridge({ ...carried, profile: connection }) }),
    leave: supervisor.stop,
    isTrusted: (profile) => connectors.of(profile)?.kind === 'builtin',
  });
  const accounts = createAccounts({
    store,
    signIns: signInStore,
    connectors,
    asking,
    clock,
    log,
    onFound: onProfilesChanged,
  });
  const signIns = createSignIns({
    platform,
    grants,
    store: signInStore,
    tokens,
    limitMs: config.sign_in.timeout,
    documentUrl: config.sign_in.client_metadata_url ?? null,
    target: createSignInTarget({ store, connectors, places, vault, canSignIn: deps.canSignIn }),
    isThere: (id) => store.get(id) !== null,
    whose: (id, signIn, grant, signal) =>
      candidates.during(signIn, grant, () => accounts.ofSignIn(id, signIn, signal)),
    async onSignedIn(id, isSameAccount) {
      // The next request takes the new token along; calls that run for the same account go on.
      if (!isSameAccount) {
        guarding.forget(id);
        await supervisor.stop(id);
      }
      onProfilesChanged(id);
      if (background) catalog.refresh(id).catch(toNucleusError);
    },
    removeProfile: async (id) => void (await profiles.remove(id)),
    onState: () => announcer.announce('sign-in'),
  });
  const profiles = createProfiles({
    store,
    transaction(work) {
      transaction(work);
      clients.reload();
    },
    clients,
    vault,
    signIns: { ...signIns, describe: (id) => describeSignIn(signInStore, id) },
    accounts,
    places,
    envs,
    connectors,
    catalog,
    supervisor,
    clock,
    mayRename: guarding.keepsRules,
    onChange: onProfilesChanged,
    onMoved: guarding.forget,
    onFailure: (error) =>
      log.error('a profile could not be removed', { reason: toNucleusError(error).message }),
  });
  const pickers = createPickers({
    profile: profiles.existing,
    connectors,
    asking,
    setMetadata: profiles.setMetadata,
    probe: profiles.probe,
  });
  const defaultView = views.select(undefined);
  const { status, surface } = createGatewayStatus({
    facts: { version, pid: process.pid, home: deps.home, startedAt },
    where,
    defaultView,
    profiles: () => shown,
    clients: () => [...sessions.keys()].map((session) => session.client),
    vault: () => vault.current(),
    lockedAt: guarding.lock.lockedAt,
    guardWarnings: () => [
      ...audit.warnings(),
      ...guard.warnings(),
      ...envs.warnings(store.list()),
      ...guarding.warnings(),
    ],
    settings,
    catalog,
    connectors,
    places,
    signIns: signInStore,
    supervisor,
    workspaces,
  });

  /** Kinds that changed since the clients were told, by profile. */
  const changed = new Map<string, Set<DefinitionKind>>();
  let isTelling = false;
  /** Whose view is another one than before hears of it too. */
  function tellSoon(): void {
    if (isTelling) return;
    isTelling = true;
    clock.after(changeGapMs, () => {
      isTelling = false;
      const news = new Map(changed);
      changed.clear();
      for (const session of sessions.keys()) session.listsChanged(news);
      listens.listsChanged(news);
    });
  }
  function tellClients(profile: string, kinds: readonly DefinitionKind[]): void {
    announcer.announce('status');
    announcer.announce('tools');
    tellSoon();
    const known = changed.get(profile) ?? new Set();
    changed.set(profile, new Set([...known, ...kinds]));
  }
  catalog.onChange(tellClients);

  function onProfilesChanged(id: string): void {
    shown = store.list().filter((profile) => !profiles.isLeaving(profile.id));
    workspaces.refresh();
    announcer.announce('profiles');
    if (store.get(id) === null) guarding.forget(id);
    couldAsk = null;
    tellClients(id, ['tool', 'prompt', 'resource']);
    if (background) firstListings.begin(shown.map((profile) => profile.id));
  }

  function transaction(work: () => void): void {
    onRegistry(() => registry.db.transaction(work)());
  }

  function roots(id: string): readonly Params[] {
    return rootsOf(store.get(id)?.roots ?? []);
  }

  /** What a call would meet, touching nothing. */
  async function foresee(call: Call): ReturnType<PlanDeps['foresee']> {
    const { decision } = await guarding.gate.foresee(call);
    return { decision: decision.kind, reason: 'reason' in decision ? decision.reason : undefined };
  }

  function rulesOf(id: string): ToolRules {
    const profile = shown.find((known) => known.id === id);
    const manifest = profile && connectors.of(profile);
    if (!manifest) return noToolRules;
    return manifest.kind === 'custom' ? onlyStricter(manifest.tools) : manifest.tools;
  }

  function envOf(id: string): EnvClass | null {
    const profile = shown.find((known) => known.id === id);
    return profile ? envs.of(profile) : null;
  }

  /** Where a tool leads, for whoever asks what would become of a call. */
  function routeTo(name: string, id: string | null, args: Params): Route {
    if (id !== null) {
      const { connector, name: alias, metadata } = profiles.existing(id);
      return { binding: { profile: id, connector, alias, metadata }, name };
    }
    const route = defaultView().find('tool', name);
    if (!route || route.binding === noAccount) throw unknownRoute('tool', name, defaultView());
    const chosen = route.choose?.(args);
    if (chosen instanceof NucleusError) throw chosen;
    return chosen?.route ?? route;
  }

  let couldAsk: boolean | null = null;
  /** Whether a call may have to wait: where it may, the tool that goes on with it is listed. */
  function mayAsk(): boolean {
    return (couldAsk ??= guarding.mayAsk());
  }
  function tellIfMayAsk(): void {
    const before = couldAsk;
    couldAsk = null;
    if (mayAsk() !== before) for (const { id } of shown) tellClients(id, ['tool']);
  }

  /** What is remembered of a server holds for the way it is started; secrets are not part of that. */
  function launchOf(id: string): { connector: string; launch: string } | null {
    const profile = store.get(id);
    if (!profile) return null;
    const { connector, metadata } = profile;
    const launch = JSON.stringify([describeCommand(profile, connectors.of(profile)), metadata]);
    return { connector, launch: createHash('sha256').update(launch).digest('hex') };
  }

  function personHandlers(way: ApprovalWay): PersonHandlers {
    return {
      ...guarding.person(way),
      profiles: { changeEnv: ({ id, env }) => profiles.changeEnv(id, env) },
      workspaces: ownWorkspaces.person,
    };
  }

  const handlers = createHandlers({
    connectors,
    profiles: { ...profiles.handlers, ...pickers },
    signIns: signIns.handlers,
    catalog,
    defaultView,
    dispatch: exposedDispatch(defaultView, tasks.of('local', 'legacy')),
    vault,
    reloadGuard: guard.load,
    async onSecretsLost(ids) {
      ids.forEach(signIns.lose);
      await Promise.all(ids.map((id) => supervisor.stop(id)));
      ids.forEach(onProfilesChanged);
    },
    ...guarding.handlers,
    audit: {
      ...(records && recordIndex ? createActivity({ ...records, index: recordIndex, envOf }) : noActivity),
      verify: () => audit.verify(),
    },
    clients,
    checkView: (view) => views.check(view),
    workspaces: ownWorkspaces.handlers,
    home: userHome,
    hasWorkspace: (name) => workspaces.find(name)?.name === name,
    http: () => where().http,
    stop: (byPerson) => where().stop(byPerson),
    watch: createChangeFeed({ announcer, clock }).watch,
    status,
    surface,
    changeSurface(change) {
      settings.change(change);
      views.invalidate();
      // With no account there is no list to tell of, but numbers that changed.
      announcer.announce('tools');
      for (const { id } of shown) tellClients(id, ['tool']);
    },
  });

  const modernDeps = {
    limits: config.client,
    version,
    dispatch,
    exposedDispatch,
    listens,
    tasks,
    settle,
  };
  const answerModern = createModern(modernDeps);
  const sessionDeps = {
    ...modernDeps,
    clock,
    log,
    subscriptions,
    setLevel: logLevels.set,
    answerModern,
    onNamed: () => announcer.announce('status'),
  };
  const opening = createGatewaySessions({
    sessions,
    session: sessionDeps,
    answerModern,
    views,
    workspaces,
    log,
    onLeft: supervisor.left,
    announce: announcer.announce,
  });

  return {
    handlers,
    attend: guarding.attend,
    announcer,
    status,
    clients,
    mayShow: ({ granted }, profile) => views.mayShow(granted, profile),
    person: personHandlers,
    ...opening,
    startBackground() {
      background = true;
      firstListings.begin(shown.map(({ id }) => id));
    },
    async close() {
      background = false;
      for (const session of sessions.keys()) session.close();
      listens.close();
      workspaces.close();
      newOld.close();
      await comparer.close();
      catalog.close();
      await accounts.close();
      await signIns.close();
      await profiles.close();
      await guarding.close();
      await supervisor.close();
      await tokens.close();
      await audit.close();
      await recordIndex?.close();
      vault.close();
    },
  };
}

/** Folders as MCP names them. */
function rootsOf(folders: readonly string[]): Params[] {
  return folders.map((folder) => ({ uri: pathToFileURL(folder).href, name: basename(folder) }));
}

/** Where our own connectors and servers lie below the resources folder. */
export function builtinConnectors(resources: string): string {
  return join(resources, 'connectors');
}
