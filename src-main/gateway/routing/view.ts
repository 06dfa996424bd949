import { NucleusError } from '../../../src-shared/errors.ts';
import { describe } from '../../../src-shared/tool-name.ts';
import type { CatalogStore, DefinitionKind } from '../storage/catalog-store.ts';
import type { Params } from '../wire/frame.ts';
import type { Catalog, Offer } from './catalog.ts';
import { exposedUri, parseExposedUri, type Binding, type Route } from './route.ts';

/** Stock clients drop a connection at 10 MiB; a page stays far below. */
const pageBytes = 1_000_000;

/** One entry of a list as the client gets it. */
export interface Row {
  /** Exposed name, URI or URI template. */
  readonly key: string;
  readonly json: string;
  readonly route: Route;
}

export type Rows = Readonly<Record<DefinitionKind, readonly Row[]>>;

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
  /** One page of a list, serialised; throws CURSOR_INVALID. */
  page(kind: DefinitionKind, cursor: unknown): string;
  /** Profiles of the view that were never listed. */
  missing(): string[];
  /** What the upstream of a transparent view said of itself, once it was reached; else null. */
  greeting(): Params | null;
}

const listKeys = {
  tool: 'tools',
  prompt: 'prompts',
  resource: 'resources',
  template: 'resourceTemplates',
} as const;

/** Builds a view over bindings that never change; rows follow the catalog and are serialised once per change. */
export function createView(
  deps: { readonly catalog: Pick<Catalog, 'offer'>; readonly names: Pick<CatalogStore, 'exposedNames'> },
  bindings: readonly Binding[],
  build: typeof buildRows = buildRows,
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
    joined = { offers, lists: joinRows(parts) };
    return joined.lists;
  }

  return {
    bindings,
    isTransparent: false,
    greeting: () => null,
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
    page(kind, cursor) {
      const { pages } = lists()[kind];
      const index = cursor === undefined ? 0 : parseCursor(cursor);
      const page = pages[index];
      if (page === undefined)
        throw new NucleusError(
          'CURSOR_INVALID',
          'this cursor is not one of ours or the list became shorter; list again without a cursor',
        );
      const next = index + 1 < pages.length ? `,"nextCursor":"page-${index + 1}"` : '';
      return `{"${listKeys[kind]}":[${page}]${next}}`;
    },
    missing: () =>
      bindings.filter((binding) => !deps.catalog.offer(binding.profile)).map((binding) => binding.profile),
  };
}

interface List {
  readonly rows: readonly Row[];
  readonly byKey: ReadonlyMap<string, Row>;
  readonly pages: readonly string[];
}
type Lists = Readonly<Record<DefinitionKind, List>>;

function joinRows(parts: readonly Rows[]): Lists {
  const join = (kind: DefinitionKind): List => {
    const rows = parts.flatMap((part) => part[kind]);
    return { rows, byKey: new Map(rows.map((row) => [row.key, row])), pages: paginate(rows) };
  };
  return {
    tool: join('tool'),
    prompt: join('prompt'),
    resource: join('resource'),
    template: join('template'),
  };
}

function paginate(rows: readonly Row[]): string[] {
  const pages: string[] = [];
  let page: string[] = [];
  let size = 0;
  for (const { json } of rows) {
    const bytes = Buffer.byteLength(json);
    if (size > 0 && size + bytes > pageBytes) {
      pages.push(page.join(','));
      page = [];
      size = 0;
    }
    page.push(json);
    size += bytes + 1;
  }
  return [...pages, page.join(',')];
}

function parseCursor(cursor: unknown): number {
  const digits = typeof cursor === 'string' ? /^page-(\d{1,6})$/.exec(cursor)?.[1] : undefined;
  return digits === undefined ? -1 : Number(digits);
}

function buildRows(binding: Binding, offer: Offer, names: Pick<CatalogStore, 'exposedNames'>): Rows {
  const described = (definition: Params): string => {
    const own = definition['description'];
    return describe(binding, typeof own === 'string' ? own : '');
  };
  const named = (kind: 'tool' | 'prompt'): Row[] => {
    // An upstream that offers one name twice is reached under it once: the first wins, as it does in the upstream.
    const firsts = new Map<string, Params>();
    for (const definition of offer[kind]) {
      const name = definition['name'] as string;
      if (!firsts.has(name)) firsts.set(name, definition);
    }
    const exposed = names.exposedNames(kind, binding.connector, binding.alias, [...firsts.keys()]);
    return [...firsts].map(([name, definition]) => {
      const key = exposed.get(name) as string;
      return {
        key,
        json: JSON.stringify({ ...definition, name: key, description: described(definition) }),
        route: { binding, name },
      };
    });
  };
  const located = (kind: 'resource' | 'template', field: 'uri' | 'uriTemplate'): Row[] =>
    offer[kind].map((definition) => {
      const uri = definition[field] as string;
      const key = exposedUri(binding, uri);
      return {
        key,
        json: JSON.stringify({ ...definition, [field]: key, description: described(definition) }),
        route: { binding, name: uri },
      };
    });
  return {
    tool: named('tool'),
    prompt: named('prompt'),
    resource: located('resource', 'uri'),
    template: located('template', 'uriTemplate'),
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
