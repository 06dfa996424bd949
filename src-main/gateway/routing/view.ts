import type { CatalogStore, DefinitionKind } from '../storage/catalog-store.ts';
import type { Params } from '../wire/frame.ts';
import type { Era } from '../wire/peer.ts';
import type { Catalog, Offer } from './catalog.ts';
import { createPages, type Cursors, type Pages } from './pages.ts';
import { parseExposedUri, type Binding, type Route } from './route.ts';
import type { Surface } from './surface-view.ts';
import { exposedRows, type BuildRows, type Row, type Rows } from './rows.ts';

export type { Row, Rows } from './rows.ts';

/** Which profiles, under which aliases, a caller sees, and what of them. */
export interface View {
  readonly bindings: readonly Binding[];
  /** One upstream's own names and addresses instead of ours. */
  readonly isTransparent: boolean;
  /** Route of an exposed tool or prompt name. */
  find(kind: 'tool' | 'prompt', name: string): Route | null;
  /** Route of a resource: one of our URIs, or an upstream's own when just one profile of the view offers it. */
  findResource(uri: string): Route | null;
  /** Names like the one asked for, nearest first, for the sentence that says it does not exist. */
  similar(kind: 'tool' | 'prompt', name: string): string[];
  /** Every row of a kind, in the order of the list. */
  rows(kind: DefinitionKind): readonly Row[];
  /** One page of a list as clients of an era read it, serialised; throws CURSOR_INVALID. */
  page(kind: DefinitionKind, cursor: unknown, era: Era): string;
  /** Profiles of the view that were never listed. */
  missing(): string[];
  /** Which of the tools are advertised; null where that is all there are. */
  surface(): Surface | null;
  /** What the upstream of a transparent view said of itself, once it was reached; else null. */
  greeting(): Params | null;
  /** The same of each upstream that was. */
  upstreams(): readonly { readonly binding: Binding; readonly greeting: Params }[];
}

const listKeys = {
  tool: 'tools',
  prompt: 'prompts',
  resource: 'resources',
  template: 'resourceTemplates',
} as const;

export interface ViewDeps {
  readonly catalog: Pick<Catalog, 'offer'>;
  readonly names: Pick<CatalogStore, 'exposedNames'>;
  /** Kept while views are built anew, so that a list that was begun goes on. */
  readonly cursors: Cursors;
  /** What the view is one of: a cursor of another is none of it. */
  readonly id: string;
}

/** Builds a view over bindings that never change; rows follow the catalog and are serialised once per change. */
export function createView(
  deps: ViewDeps,
  bindings: readonly Binding[],
  build: BuildRows = exposedRows,
): View {
  const built = new Map<Binding, { offer: Offer; rows: Rows }>();
  let joined: { offers: readonly (Offer | null)[]; lists: Lists } | null = null;

  function rowsOf(binding: Binding, offer: Offer): Rows {
    const known = built.get(binding);
    if (known?.offer === offer) return known.rows;
    const rows = build(binding, offer, deps.names);
    built.set(binding, { offer, rows });
    return rows;
  }

  function isCurrent({ offers }: NonNullable<typeof joined>): boolean {
    return bindings.every(({ profile }, index) => deps.catalog.offer(profile) === offers[index]);
  }

  /** The lists of all bindings together, rebuilt when the offer of any of them is another object. */
  function lists(): Lists {
    if (joined && isCurrent(joined)) return joined.lists;
    const offers = bindings.map(({ profile }) => deps.catalog.offer(profile));
    const parts = bindings.flatMap((binding, index) => {
      const offer = offers[index];
      return offer ? [rowsOf(binding, offer)] : [];
    });
    joined = { offers, lists: joinRows(parts, deps.cursors, deps.id) };
    return joined.lists;
  }

  return {
    bindings,
    isTransparent: false,
    greeting: () => null,
    surface: () => null,
    upstreams: () =>
      bindings.flatMap((binding) => {
        const offer = deps.catalog.offer(binding.profile);
        return offer ? [{ binding, greeting: offer.greeting }] : [];
      }),
    find: (kind, name) => lists()[kind].byKey.get(name)?.route ?? null,
    findResource(uri) {
      const own = parseExposedUri(uri);
      if (own) {
        const binding = bindings.find((b) => b.connector === own.connector && b.alias === own.alias);
        return binding ? { binding, name: own.uri } : null;
      }
      const [first, ...others] = lists().resource.rows.filter((row) => row.route.name === uri);
      const profile = first?.route.binding.profile;
      return first && others.every(({ route }) => route.binding.profile === profile) ? first.route : null;
    },
    similar(kind, name) {
      const wanted = pairs(name.slice(0, maxComparedLength));
      return lists()
        [kind].rows.map(({ key }) => ({ key, likeness: likeness(wanted, pairs(key)) }))
        .filter(({ likeness }) => likeness > 0.4)
        .sort((a, b) => b.likeness - a.likeness)
        .slice(0, 3)
        .map(({ key }) => key);
    },
    rows: (kind) => lists()[kind].rows,
    page: (kind, cursor, era) => listPage(kind, lists()[kind].pages, cursor, era),
    missing: () =>
      bindings.filter((binding) => !deps.catalog.offer(binding.profile)).map((binding) => binding.profile),
  };
}

/** A page of a list as the result of its method, serialised. */
export function listPage(kind: DefinitionKind, pages: Pages, cursor: unknown, era: Era): string {
  const { rows, next } = pages.page(cursor, era);
  return `{"${listKeys[kind]}":[${rows}]${next === null ? '' : `,"nextCursor":"${next}"`}}`;
}

interface List {
  readonly rows: readonly Row[];
  readonly byKey: ReadonlyMap<string, Row>;
  readonly pages: Pages;
}
type Lists = Readonly<Record<DefinitionKind, List>>;

function joinRows(parts: readonly Rows[], cursors: Cursors, id: string): Lists {
  const join = (kind: DefinitionKind): List => {
    const rows = parts.flatMap((part) => part[kind]);
    return {
      rows,
      byKey: new Map(rows.map((row) => [row.key, row])),
      pages: createPages(rows, cursors, `${kind} ${id}`),
    };
  };
  return {
    tool: join('tool'),
    prompt: join('prompt'),
    resource: join('resource'),
    template: join('template'),
  };
}

/** A name asked for may be as long as a message. */
const maxComparedLength = 256;

/** Neighbouring characters of a name, the small change a typing mistake leaves mostly alone. */
function pairs(name: string): ReadonlySet<string> {
  const text = `^${name.toLowerCase()}$`;
  return new Set(Array.from({ length: text.length - 1 }, (_, index) => text.slice(index, index + 2)));
}

/** Share of pairs two names have in common, 0 to 1 (Dice's coefficient). */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return (2 * [...a].filter((pair) => b.has(pair)).length) / (a.size + b.size);
}
