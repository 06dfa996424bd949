import { describe } from '../../../src-shared/tool-name.ts';
import type { CatalogStore, DefinitionKind } from '../storage/catalog-store.ts';
import { translateTool } from '../wire/eras/definitions.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Era } from '../wire/peer.ts';
import { eraOf, type Offer } from './catalog.ts';
import { exposedUri, type Binding, type Route } from './route.ts';

/** One entry of a list as the client gets it. */
export interface Row {
  /** Exposed name, URI or URI template. */
  readonly key: string;
  readonly json: string;
  readonly route: Route;
  /** The same for clients of an era that would not understand it as its upstream wrote it. */
  readonly translated?: { readonly era: Era; readonly json: string };
}

export type Rows = Readonly<Record<DefinitionKind, readonly Row[]>>;
export type BuildRows = (binding: Binding, offer: Offer, names: Pick<CatalogStore, 'exposedNames'>) => Rows;

/** What one account offers, under the names and addresses it has beside others. */
export const exposedRows: BuildRows = (binding, offer, names) => {
  const described = (definition: Params): string => {
    const own = definition['description'];
    return describe(binding, typeof own === 'string' ? own : '');
  };
  const named = (kind: 'tool' | 'prompt', toRow: typeof rowOf): Row[] => {
    // An upstream that offers one name twice is reached under it once: the first wins, as it does in the upstream.
    const firsts = new Map<string, Params>();
    for (const definition of offer[kind]) {
      const name = definition['name'] as string;
      if (!firsts.has(name)) firsts.set(name, definition);
    }
    const exposed = names.exposedNames(kind, binding.connector, binding.alias, [...firsts.keys()]);
    return [...firsts].map(([name, definition]) => {
      const key = exposed.get(name) as string;
      const shown = { ...definition, name: key, description: described(definition) };
      return toRow(key, shown, { binding, name });
    });
  };
  const located = (kind: 'resource' | 'template', field: 'uri' | 'uriTemplate'): Row[] =>
    offer[kind].map((definition) => {
      const uri = definition[field] as string;
      const key = exposedUri(binding, uri);
      const shown = { ...definition, [field]: key, description: described(definition) };
      return rowOf(key, shown, { binding, name: uri });
    });
  const era = eraOf(offer);
  return {
    tool: named('tool', (key, definition, route) => toolRow(key, withUi(definition, binding), route, era)),
    prompt: named('prompt', rowOf),
    resource: located('resource', 'uri'),
    template: located('template', 'uriTemplate'),
  };
};

/** What one account offers as its upstream shows it: own names, own addresses. */
export const ownRows: BuildRows = (binding, offer) => {
  const rows = (kind: DefinitionKind, field: string, toRow: typeof rowOf): Row[] =>
    offer[kind].map((definition) => {
      const name = definition[field] as string;
      return toRow(name, definition, { binding, name });
    });
  const era = eraOf(offer);
  return {
    tool: rows('tool', 'name', (key, definition, route) => toolRow(key, definition, route, era)),
    prompt: rows('prompt', 'name', rowOf),
    resource: rows('resource', 'uri', rowOf),
    template: rows('template', 'uriTemplate', rowOf),
  };
};

function rowOf(key: string, definition: Params, route: Route): Row {
  return { key, json: JSON.stringify(definition), route };
}

/** A row of a tool that comes from an upstream of this era. */
export function toolRow(key: string, definition: Params, route: Route, upstream: Era): Row {
  const row = rowOf(key, definition, saysItReads(definition) ? { ...route, isReadOnly: true } : route);
  const other = translateTool(definition, upstream);
  if (!other) return row;
  const era = upstream === 'legacy' ? 'modern' : 'legacy';
  return { ...row, translated: { era, json: JSON.stringify(other) } };
}

/** Only what its upstream says: a claim, to be believed as far as the upstream is. */
function saysItReads({ annotations }: Params): boolean {
  return isObject(annotations) && annotations['readOnlyHint'] === true;
}

/** The page that draws the results of a tool (MCP Apps) is a resource of its upstream, in the form of today or of before. */
export function withUi(tool: Params, binding: Binding): Params {
  const { _meta: meta } = tool;
  if (!isObject(meta)) return tool;
  const { ui } = meta;
  const own = isObject(ui) ? ui['resourceUri'] : undefined;
  const before = meta['ui/resourceUri'];
  if (typeof own !== 'string' && typeof before !== 'string') return tool;
  return {
    ...tool,
    _meta: {
      ...meta,
      ...(typeof own === 'string' && { ui: { ...(ui as Params), resourceUri: exposedUri(binding, own) } }),
      ...(typeof before === 'string' && { 'ui/resourceUri': exposedUri(binding, before) }),
    },
  };
}
