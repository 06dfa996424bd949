import type { Binding } from './route.ts';
import { ownRows } from './rows.ts';
import { createView, type View, type ViewDeps } from './view.ts';

/**
 * One profile as its upstream shows itself: own names, own addresses, definitions untouched. A name that was never
 * listed leads to the upstream too, whose answer to it is the true one.
 */
export function createTransparentView(deps: ViewDeps, bindings: readonly Binding[]): View {
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
