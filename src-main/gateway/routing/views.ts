import type { AttachView } from '../../../src-shared/attach.ts';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { parseAlwaysOn, parseMode } from '../../../src-shared/modes.ts';
import { checkName, type Profile } from '../../../src-shared/model.ts';
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
}

/** The views of this gateway: the default one of all profiles, and narrower ones a client asked for. */
export interface Views {
  /** A function that always gives the present view: profiles come and go under a connected client. */
  select(asked: AskedView | undefined, granted?: AttachView): () => View;
  /** Throws unless every profile asked for is there and no two of them share a name. */
  check(asked: AttachView): void;
  /** Profiles changed, or what clients are shown: views are built anew when next asked for. */
  invalidate(): void;
}

/** A view, and the state of the profiles it was built for. */
interface Known {
  readonly generation: number;
  readonly view: View;
}

const maxShared = 200;

export function createViews(deps: {
  readonly profiles: () => readonly Profile[];
  readonly catalog: Pick<Catalog, 'offer'>;
  readonly names: Pick<CatalogStore, 'exposedNames'>;
  /** What a client is shown that asks for nothing else. */
  readonly surface: () => Pick<Config['surface'], 'mode' | 'budget' | 'always_on'>;
  readonly ownTools: OwnTools;
}): Views {
  const cursors = createCursors();
  let generation = 0;
  // Clients that ask for the same view share its rows and pages.
  const shared = new Map<string, Known>();

  /** Clients choose the aliases, so there is an end to how many views are kept; who uses one that is not has it still. */
  function share(key: string, view: Known): void {
    shared.delete(key);
    shared.set(key, view);
    const [oldest] = shared.keys();
    if (shared.size > maxShared && oldest !== undefined) shared.delete(oldest);
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
    select(asked, granted) {
      checkGranted(asked, granted);
      checkAsked(asked, deps.profiles());
      const isTransparent = asked?.transparent === true;
      // What is granted was checked when it was; a profile that is gone since just is not shown.
      const wanted = asked?.profiles ? asked : granted;
      // Throws for a mode nobody knows.
      surfaceOf(asked, granted);
      const build = (surface: SurfaceOptions, key: string): View => {
        const bindings = bindingsOf(wanted, deps.profiles());
        const parts = { ...deps, cursors, id: key };
        if (isTransparent) return createTransparentView(parts, bindings);
        return withSurface(createView(parts, bindings), parts, surface, deps.ownTools);
      };
      let known: Known | undefined;
      return () => {
        if (known?.generation === generation) return known.view;
        const surface = surfaceOf(asked, granted);
        const key = JSON.stringify([isTransparent, wanted?.profiles, surface]);
        known = shared.get(key) ?? { generation, view: build(surface, key) };
        share(key, known);
        return known.view;
      };
    },
    check: (asked) => checkAsked(asked, deps.profiles()),
    invalidate() {
      generation += 1;
      shared.clear();
    },
  };
}

function checkGranted(asked: AskedView | undefined, granted: AttachView | undefined): void {
  const allowed = granted?.profiles;
  const outside = allowed && asked?.profiles?.find(({ id }) => !allowed.some((profile) => profile.id === id));
  if (outside)
    throw new NucleusError(
      'VIEW_REFUSED',
      `this client may not see ${outside.id}; nucleus clients says what it may`,
      {
        profile: outside.id,
      },
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
function bindingsOf(asked: AttachView | undefined, profiles: readonly Profile[]): Binding[] {
  const sorted = profiles.toSorted(
    (a, b) => a.connector.localeCompare(b.connector, 'en') || Number(b.isDefault) - Number(a.isDefault),
  );
  const wanted = asked?.profiles ?? sorted.map(({ id, name }) => ({ id, alias: name, note: undefined }));
  return wanted.flatMap(({ id, alias, note }) => {
    const profile = profiles.find((candidate) => candidate.id === id);
    if (!profile) return [];
    const { connector, metadata, isDefault } = profile;
    return [{ profile: id, connector, alias, metadata, isDefault, note }];
  });
}
