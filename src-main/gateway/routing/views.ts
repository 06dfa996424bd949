import { isAbsolute } from 'node:path';
import type { AttachView } from '../../../src-shared/attach.ts';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { parseAlwaysOn, parseMode } from '../../../src-shared/modes.ts';
import { checkName, type Profile } from '../../../src-shared/model.ts';
import type { ResolvedConnector } from '../../../src-shared/workspace.ts';
import type { CatalogStore } from '../storage/catalog-store.ts';
import type { Catalog } from './catalog.ts';
import { createCursors } from './pages.ts';
import type { Binding } from './route.ts';
import { withSurface, type OwnTools } from './surface-view.ts';
import type { SurfaceOptions } from './surface.ts';
import { createTransparentView } from './transparent-view.ts';
import { createView, type View } from './view.ts';

/** What a caller asks to see; what it names must exist. */
export interface AskedView extends AttachView {
  /** One profile under its own names and addresses, as if there were no gateway. */
  readonly transparent?: boolean;
  /** The accounts of a registered folder, by its name or id. */
  readonly workspace?: string;
  /** The folder the client works in; counts where nothing else is asked for or granted. */
  readonly folder?: string | undefined;
}

/** All a caller may see: these profiles, or those of a registered folder. */
export interface GrantedView extends AttachView {
  readonly workspace?: string;
}

/** A folder whose accounts a view shows, or may not go beyond. */
export interface ViewPlace {
  readonly folder: string;
  /** A token is bound to it. */
  readonly isBound: boolean;
}

/** The views of this gateway: the default one of all profiles, and narrower ones a client asked for. */
export interface Views {
  /** A function that always gives the present view: profiles come and go under a connected client. */
  select(asked: AskedView | undefined, granted?: GrantedView): () => View;
  /** The folder such a view depends on; null for none. */
  placeOf(asked: AskedView | undefined, granted?: GrantedView): ViewPlace | null;
  /** Whether a caller may see a profile. */
  mayShow(granted: GrantedView | undefined, profile: string): boolean;
  /** Throws unless every profile asked for is there and no two of them share a name. */
  check(asked: AttachView): void;
  /** Profiles or workspaces changed, or what clients are shown: views are built anew when next asked for. */
  invalidate(): void;
}

/** A view, and what the places it depends on said when it was picked. */
interface Picked {
  readonly stamps: readonly (readonly ResolvedConnector[])[];
  readonly view: View;
}

/** The part of the workspaces that decides what is shown. */
export interface ViewPlaces {
  find(nameOrId: string): { readonly name: string; readonly folder: string } | null;
  connectors(place: ViewPlace): readonly ResolvedConnector[];
}

/** One profile of a view, as whoever picked it named it. */
type Entry = Pick<Binding, 'alias' | 'note' | 'isDefault'> & { readonly id: string };

const maxShared = 200;

export function createViews(deps: {
  readonly profiles: () => readonly Profile[];
  readonly catalog: Pick<Catalog, 'offer'>;
  readonly names: Pick<CatalogStore, 'exposedNames'>;
  readonly places: ViewPlaces;
  /** What a client is shown that asks for nothing else. */
  readonly surface: () => Pick<Config['surface'], 'mode' | 'budget' | 'always_on'>;
  readonly ownTools: OwnTools;
}): Views {
  const { places } = deps;
  const cursors = createCursors();
  let generation = 0;
  // Clients that see the same share its rows and pages.
  let shared = new Map<string, View>();
  /** Those from before the last change: what is the same after it keeps its rows. */
  let older: ReadonlyMap<string, View> = new Map();
  /** What was picked since the last change, by what was asked and granted: a request of its own finds its view at once. */
  const picked = new Map<string, Picked>();

  function viewOver(bindings: readonly Binding[], surface: SurfaceOptions | null): View {
    const key = JSON.stringify([bindings, surface]);
    const view = shared.get(key) ?? older.get(key) ?? build(bindings, surface, key);
    keep(shared, key, view);
    return view;
  }

  function build(bindings: readonly Binding[], surface: SurfaceOptions | null, key: string): View {
    if (!surface) return createTransparentView({ ...deps, cursors, id: key }, bindings);
    // Accounts that come or go while a client turns the pages do not send it back to the first.
    const parts = { ...deps, cursors, id: JSON.stringify(surface) };
    return withSurface(createView(parts, bindings), parts, surface, deps.ownTools);
  }

  /** What the places say that such a view depends on; the same objects as long as they say the same. */
  function stampsOf(asked: AskedView | undefined, granted: GrantedView | undefined): Picked['stamps'] {
    const all = [
      placeOf(asked, granted),
      granted?.workspace === undefined ? null : placeOf(undefined, granted),
    ];
    return all.flatMap((place) => (place ? [places.connectors(place)] : []));
  }

  function placeOf(asked: AskedView | undefined, granted: GrantedView | undefined): ViewPlace | null {
    const name = (asked?.profiles ? undefined : asked?.workspace) ?? granted?.workspace;
    const isBound = granted?.workspace !== undefined;
    if (name !== undefined) {
      const folder = places.find(name)?.folder;
      return folder === undefined ? null : { folder, isBound };
    }
    if (asked?.folder === undefined || !isAbsolute(asked.folder) || asked.profiles || granted) return null;
    return { folder: asked.folder, isBound: false };
  }

  /** The ids of all a caller may see; null for everything. */
  function allowedTo(granted: GrantedView | undefined): ReadonlySet<string> | null {
    if (granted?.workspace !== undefined) {
      const place = placeOf(undefined, granted);
      return new Set((place ? entriesOf(place) : []).map(({ id }) => id));
    }
    return granted?.profiles ? new Set(granted.profiles.map(({ id }) => id)) : null;
  }

  function entriesOf(place: ViewPlace): Entry[] {
    return places.connectors(place).flatMap(({ bindings }) =>
      bindings.map(({ profile, alias, note, isDefault }) => ({
        id: profile,
        alias,
        note: note ?? undefined,
        isDefault,
      })),
    );
  }

  /** What is granted was checked when it was; a profile that is gone since just is not shown. */
  function wantedOf(
    asked: AskedView | undefined,
    granted: GrantedView | undefined,
  ): readonly Entry[] | undefined {
    const allowed = allowedTo(granted);
    const within = (entries: readonly Entry[]): readonly Entry[] =>
      allowed ? entries.filter(({ id }) => allowed.has(id)) : entries;
    if (asked?.profiles) return within(asked.profiles);
    if (asked?.workspace === undefined && granted?.workspace === undefined && granted?.profiles)
      return granted.profiles;
    const place = placeOf(asked, granted);
    if (place) return within(entriesOf(place));
    // A workspace that is no more shows nothing: a limit somebody set must not turn into none.
    return (asked?.workspace ?? granted?.workspace) === undefined ? undefined : [];
  }

  function checkGranted(asked: AskedView | undefined, granted: GrantedView | undefined): void {
    const allowed = allowedTo(granted);
    const outside = allowed && asked?.profiles?.find(({ id }) => !allowed.has(id));
    if (outside) throw refused(outside.id, { profile: outside.id });
    if (asked?.workspace === undefined) return;
    const found = places.find(asked.workspace);
    if (granted?.workspace !== undefined && found?.name !== granted.workspace)
      throw refused(`workspace ${asked.workspace}`);
    if (!found)
      throw new NucleusError(
        'WORKSPACE_UNKNOWN',
        `there is no workspace "${asked.workspace}"; nucleus workspace list shows those there are`,
      );
    // Nothing of it may be seen: the caller is in the wrong place, and an empty list would not tell it so.
    const all = entriesOf({ folder: found.folder, isBound: false });
    if (allowed && all.length > 0 && !all.some(({ id }) => allowed.has(id)))
      throw refused(`any account of workspace ${found.name}`);
  }

  function surfaceOf(asked: AskedView | undefined, granted: AttachView | undefined): SurfaceOptions {
    const { mode, budget, always_on: alwaysOn } = deps.surface();
    const wanted = asked?.mode ?? granted?.mode;
    return {
      mode: wanted === undefined ? mode : parseMode(wanted),
      budget,
      alwaysOn: (asked?.alwaysOn ?? granted?.alwaysOn ?? alwaysOn).map(parseAlwaysOn),
    };
  }

  return {
    placeOf,
    mayShow: (granted, profile) => allowedTo(granted)?.has(profile) ?? true,
    select(asked, granted) {
      checkGranted(asked, granted);
      checkAsked(asked, deps.profiles());
      const isTransparent = asked?.transparent === true;
      const { profiles, workspace, folder } = asked ?? {};
      const surfaceNow = (): SurfaceOptions | null => (isTransparent ? null : surfaceOf(asked, granted));
      // Throws for a mode nobody knows.
      surfaceNow();
      let known: { readonly generation: number; readonly view: View } | undefined;
      return () => {
        if (known?.generation === generation) return known.view;
        const surface = surfaceNow();
        const key = JSON.stringify([isTransparent, profiles, workspace, folder, granted, surface]);
        const stamps = stampsOf(asked, granted);
        const same = picked.get(key);
        const view =
          same && same.stamps.every((stamp, index) => stamp === stamps[index])
            ? same.view
            : viewOver(bindingsOf(wantedOf(asked, granted), deps.profiles()), surface);
        keep(picked, key, { stamps, view });
        known = { generation, view };
        return view;
      };
    },
    check: (asked) => checkAsked(asked, deps.profiles()),
    invalidate() {
      generation += 1;
      older = shared;
      shared = new Map();
      picked.clear();
    },
  };
}

/** Clients choose the aliases, so there is an end to how many views are kept; who uses one that is not has it still. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > maxShared && oldest !== undefined) map.delete(oldest);
}

function refused(what: string, data: Readonly<Record<string, unknown>> = {}): NucleusError {
  return new NucleusError(
    'VIEW_REFUSED',
    `this client may not see ${what}; nucleus clients says what it may`,
    data,
  );
}

function checkAsked(asked: AttachView | undefined, profiles: readonly Profile[]): void {
  const taken = new Set<string>();
  for (const { id, alias } of asked?.profiles ?? []) {
    const profile = profiles.find((known) => known.id === id);
    if (!profile)
      throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"; nucleus list shows them`);
    checkName('alias', alias);
    // Under one name two accounts could not be told apart, and a call would reach the wrong one.
    const name = `${profile.connector}/${alias}`;
    if (taken.has(name))
      throw new NucleusError(
        'USAGE',
        `alias "${alias}" is given twice for ${profile.connector}; pick another`,
      );
    taken.add(name);
  }
}

/** Sorted by connector, its default account first: what is read first is taken first. */
function bindingsOf(asked: readonly Entry[] | undefined, profiles: readonly Profile[]): Binding[] {
  const sorted = profiles.toSorted(
    (a, b) => a.connector.localeCompare(b.connector, 'en') || Number(b.isDefault) - Number(a.isDefault),
  );
  const wanted: readonly Entry[] = asked ?? sorted.map(({ id, name }) => ({ id, alias: name }));
  return wanted.flatMap(({ id, alias, note, isDefault }) => {
    const profile = profiles.find((candidate) => candidate.id === id);
    if (!profile) return [];
    const { connector, account } = profile;
    const metadata = account === undefined ? profile.metadata : { account, ...profile.metadata };
    return [{ profile: id, connector, alias, metadata, isDefault: isDefault ?? profile.isDefault, note }];
  });
}
