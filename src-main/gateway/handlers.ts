import type { AttachView } from '../../src-shared/attach.ts';
import type {
  ClientInfo,
  GatewayStatus,
  Handlers,
  Surface,
  SurfaceChange,
} from '../../src-shared/contract.ts';
import { FoundTools } from '../../src-shared/found-tools.ts';
import { parseDuration } from '../../src-shared/duration.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import type { ClientToken, ClientTokens } from './downstream/client-tokens.ts';
import type { Connectors } from './profiles/connectors.ts';
import { detect } from './profiles/detect.ts';
import type { Catalog } from './routing/catalog.ts';
import { resultOf, type Dispatch } from './routing/dispatch.ts';
import { tokensOfRow } from './routing/surface.ts';
import { unknownRoute } from './routing/unknown.ts';
import type { Params } from './wire/frame.ts';
import type { View } from './routing/view.ts';
import type { Vault } from './storage/vault.ts';
import { foldersUp, realFolder } from './workspaces/reading.ts';

/** The questions the gateway itself answers; the doctor looks at it from outside, files of clients belong to the machine. */
export type GatewayHandlers = Omit<Handlers, 'doctor' | 'hosts' | 'import'>;

/** Answers every question of the contract from the parts of the gateway. */
export function createHandlers(deps: {
  readonly status: () => GatewayStatus;
  readonly surface: () => Surface;
  readonly changeSurface: (change: SurfaceChange) => void;
  readonly stop: (byPerson: boolean) => void;
  readonly watch: Handlers['gateway']['watch'];
  readonly connectors: Connectors;
  readonly profiles: Handlers['profiles'];
  readonly signIns: Handlers['signIn'];
  readonly catalog: Pick<Catalog, 'refresh'>;
  readonly defaultView: () => View;
  readonly dispatch: Dispatch;
  readonly vault: Vault;
  /** Reads again what only a person may loosen. */
  readonly reloadGuard: () => Promise<'read' | 'lost'>;
  /** The secrets of these profiles are gone: what is still in memory of them goes too. */
  readonly onSecretsLost: (profiles: readonly string[]) => Promise<void>;
  readonly policy: Handlers['policy'];
  readonly approvals: Handlers['approvals'];
  readonly audit: Handlers['audit'];
  readonly lock: Handlers['lock'];
  readonly person: Handlers['person'];
  readonly clients: ClientTokens;
  /** Throws unless every profile of the view is there and no two share a name. */
  readonly checkView: (view: AttachView) => void;
  readonly workspaces: Handlers['workspaces'];
  /** The home folder of the user: nothing is looked for above it. */
  readonly home: string;
  readonly hasWorkspace: (name: string) => boolean;
  /** Base URL of the HTTP front; null while there is none. */
  readonly http: () => string | null;
}): GatewayHandlers {
  const { connectors, vault, clients } = deps;

  /** The default view after every profile in it was listed or failed to be. */
  async function listedView(): Promise<View> {
    const view = deps.defaultView();
    await Promise.all(view.missing().map((id) => deps.catalog.refresh(id).catch(toNucleusError)));
    return view;
  }

  /** On the road of every call, under a name of the default view. */
  async function callTool(name: string, args: Params, signal: AbortSignal | undefined): Promise<Params> {
    const view = deps.defaultView();
    const route = view.find('tool', name);
    if (!route) throw unknownRoute('tool', name, view);
    const params = { name, arguments: args };
    const call = { kind: 'tool', method: 'tools/call', route, params, via: 'cli', signal } as const;
    return resultOf(await deps.dispatch({ ...call, principal: 'local', client: 'nucleus' }));
  }

  return {
    gateway: {
      status: deps.status,
      stop({ byPerson }) {
        deps.stop(byPerson);
        return {};
      },
      watch: deps.watch,
    },
    connectors: {
      list: () => ({
        connectors: connectors.list().map((manifest) => connectors.summary(manifest)),
        problems: [...connectors.problems()],
      }),
      detect({ connector, folder }) {
        const rules = connectors.get(connector)?.autodetect ?? [];
        const { found } = detect(connector, rules, foldersUp(realFolder(folder), deps.home));
        return found.map(({ field, value, file, reason }) => ({ field, value, file, reason }));
      },
    },
    profiles: deps.profiles,
    signIn: deps.signIns,
    surface: {
      get: deps.surface,
      set(change) {
        deps.changeSurface(change);
        return deps.surface();
      },
    },
    tools: {
      async list({ wait }) {
        const view = wait ? await listedView() : deps.defaultView();
        return {
          tools: view.rows('tool').map((row) => ({
            name: row.key,
            profile: row.route.binding.profile,
            tool: row.route.name,
            description: (JSON.parse(row.json) as { description: string }).description,
            tokens: tokensOfRow(row),
          })),
          missing: view.missing(),
        };
      },
      describe({ name }) {
        const view = deps.defaultView();
        const row =
          view.rows('tool').find(({ key }) => key === name) ??
          view.surface()?.tools.find(({ key }) => key === name);
        if (!row) throw unknownRoute('tool', name, view);
        return { definition: row.json };
      },
      async find({ wait, ...asked }, { signal }) {
        if (wait) await listedView();
        const { structuredContent } = await callTool('nucleus_find_tool', asked, signal);
        return FoundTools.parse(structuredContent);
      },
      async call({ name, arguments: args }, { signal }) {
        if (!deps.defaultView().find('tool', name)) await listedView();
        return callTool(name, args, signal);
      },
    },
    clients: {
      list: () => clients.list().map(describeClient),
      add({ name, profiles, workspace, expiresIn }) {
        if (profiles && workspace !== null)
          throw new NucleusError('USAGE', 'a client is bound to profiles or to a workspace, not to both');
        if (workspace !== null && !deps.hasWorkspace(workspace))
          throw new NucleusError(
            'WORKSPACE_UNKNOWN',
            `there is no workspace "${workspace}"; make it one with nucleus workspace add DIR ${workspace}`,
          );
        if (profiles) deps.checkView({ profiles });
        const view = workspace === null ? profiles && { profiles } : { workspace };
        const lifetimeMs = expiresIn === null ? null : parseDuration(expiresIn);
        const { client, token } = clients.add({ name, view, lifetimeMs });
        const base = deps.http();
        return { client: describeClient(client), token, url: base && `${base}/mcp` };
      },
      remove: ({ name }) => ({ removed: clients.remove(name) }),
    },
    workspaces: deps.workspaces,
    policy: deps.policy,
    approvals: deps.approvals,
    audit: deps.audit,
    lock: deps.lock,
    person: deps.person,
    vault: {
      status: () => vault.status(),
      move: ({ to }) => vault.move(to),
      rekey: () => vault.rekey(),
      async recover() {
        const { lost, status } = await vault.recover();
        await deps.onSecretsLost(lost);
        const isGuardLost = (await deps.reloadGuard()) === 'lost';
        return { lost, isGuardLost, status };
      },
    },
  };
}

function describeClient({ name, view, createdAt, expiresAt }: ClientToken): ClientInfo {
  const workspace = view?.workspace ?? null;
  const profiles = view && workspace === null ? [...(view.profiles ?? [])] : null;
  return { name, profiles, workspace, createdAt, expiresAt };
}
