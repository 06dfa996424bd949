import type { GatewayStatus, Surface as SurfaceInfo, UpstreamStatus } from '../../src-shared/contract.ts';
import { fixedModes } from '../../src-shared/modes.ts';
import type { Profile } from '../../src-shared/model.ts';
import type { Connectors } from './profiles/connectors.ts';
import type { Places } from './profiles/places.ts';
import type { Catalog } from './routing/catalog.ts';
import type { Surface } from './routing/surface-view.ts';
import type { View } from './routing/view.ts';
import { signInNeeded } from './sign-in/describe.ts';
import type { SignInStore } from './storage/sign-in-store.ts';
import type { SurfaceSettings } from './surface-settings.ts';
import type { Supervisor } from './upstream/supervisor.ts';
import type { Workspaces } from './workspaces/workspaces.ts';

/** What the gateway tells of itself. */
export function createGatewayStatus(deps: {
  /** What is known from the start. */
  readonly facts: Pick<GatewayStatus, 'version' | 'pid' | 'home' | 'startedAt'>;
  where(): Pick<GatewayStatus, 'socket' | 'http' | 'httpProblem'>;
  readonly defaultView: () => View;
  readonly profiles: () => readonly Profile[];
  clients(): GatewayStatus['clients'];
  vault(): GatewayStatus['vault'];
  lockedAt(): number | null;
  /** What a person should know of what only a person may loosen. */
  guardWarnings(): readonly string[];
  readonly settings: Pick<SurfaceSettings, 'current' | 'origins'>;
  readonly catalog: Pick<Catalog, 'offer'>;
  readonly connectors: Pick<Connectors, 'of' | 'problems'>;
  readonly places: Pick<Places, 'problem'>;
  readonly signIns: SignInStore;
  readonly supervisor: Pick<Supervisor, 'status'>;
  readonly workspaces: Pick<Workspaces, 'warnings'>;
}): { status(): GatewayStatus; surface(): SurfaceInfo } {
  const { settings, connectors } = deps;

  /** Of the default view, which is never a transparent one. */
  function shownSurface(): Surface {
    return deps.defaultView().surface() as Surface;
  }

  /** What a person has to see to is known before a server is asked, and while one still runs. */
  function upstream(profile: Profile): UpstreamStatus {
    const { id } = profile;
    const state = { ...deps.supervisor.status(id), tools: deps.catalog.offer(id)?.tool.length ?? 0 };
    const manifest = connectors.of(profile);
    const moved = deps.places.problem(profile, manifest);
    if (moved) return { ...state, state: 'failing', problem: moved.message };
    const needed = signInNeeded(id, deps.signIns, manifest);
    return needed === null ? state : { ...state, state: 'signed-out', problem: needed };
  }

  return {
    surface() {
      const { mode, budget, always_on: alwaysOn } = settings.current();
      const { mode: chosen, cost, warnings } = shownSurface();
      const costs = Object.fromEntries(fixedModes.map((one) => [one, cost(one)])) as SurfaceInfo['costs'];
      const warned = { costs, warnings: [...warnings] };
      return { mode, chosen, budget, alwaysOn: [...alwaysOn], ...warned, ...settings.origins() };
    },
    status() {
      const { mode: chosen, cost, warnings: stale } = shownSurface();
      const { socket, http, httpProblem } = deps.where();
      return {
        ...deps.facts,
        socket,
        http,
        httpProblem,
        clients: deps.clients(),
        upstreams: deps.profiles().map(upstream),
        vault: deps.vault(),
        lockedAt: deps.lockedAt(),
        surface: { mode: settings.current().mode, chosen, ...cost(chosen) },
        warnings: [
          ...deps.guardWarnings(),
          ...(httpProblem === null ? [] : [`HTTP is off: ${httpProblem}`]),
          ...stale,
          ...connectors
            .problems()
            .map(({ connector, message, fix }) => `connector ${connector}: ${message}; ${fix}`),
          ...deps.workspaces.warnings(),
        ],
      };
    },
  };
}
