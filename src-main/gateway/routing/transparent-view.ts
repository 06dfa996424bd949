import type { CatalogStore } from '../storage/catalog-store.ts';
import type { Catalog, Offer } from './catalog.ts';
import type { Binding } from './route.ts';
import { createView, type Row, type Rows, type View } from './view.ts';

/**
 * One profile as its upstream shows itself: own names, own addresses, definitions untouched. A name that was never
 * listed leads to the upstream too, whose answer to it is the true one.
 */
export function createTransparentView(
  deps: { readonly catalog: Pick<Catalog, 'offer'>; readonly names: Pick<CatalogStore, 'exposedNames'> },
  bindings: readonly Binding[],
): View {
  const [binding] = bindings;
  const routeTo = (name: string) => (binding ? { binding, name } : null);
  return {
    ...createView(deps, bindings, ownRows),
    isTransparent: true,
    find: (_kind, name) => routeTo(name),
    findResource: routeTo,
    similar: () => [],
    greeting: () => (binding ? (deps.catalog.offer(binding.profile)?.greeting ?? null) : null),
  };
}

function ownRows(binding: Binding, offer: Offer): Rows {
  const rows = (kind: 'tool' | 'prompt' | 'resource' | 'template', field: string): Row[] =>
    offer[kind].map((definition) => {
      const name = definition[field] as string;
      return { key: name, json: JSON.stringify(definition), route: { binding, name } };
    });
  return {
    tool: rows('tool', 'name'),
    prompt: rows('prompt', 'name'),
    resource: rows('resource', 'uri'),
    template: rows('template', 'uriTemplate'),
  };
}
