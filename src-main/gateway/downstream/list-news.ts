import type { View } from '../routing/view.ts';
import type { DefinitionKind } from '../storage/catalog-store.ts';

/** Kinds of lists that changed, by profile. */
export type ListChanges = ReadonlyMap<string, ReadonlySet<DefinitionKind>>;

const notices = {
  tool: 'notifications/tools/list_changed',
  prompt: 'notifications/prompts/list_changed',
  resource: 'notifications/resources/list_changed',
  template: 'notifications/resources/list_changed',
} as const;

/**
 * Which changes are news to one client: profiles outside its view are none of its business. A view that shows other
 * profiles, or these under other names, is news by itself.
 */
export function createListNews(view: () => View): (changes: ListChanges) => ReadonlySet<string> {
  /** What the client was told of. */
  let seen = view();
  return (changes) => {
    const before = seen;
    seen = view();
    if (!showsTheSame(before, seen)) return new Set(Object.values(notices));
    const profiles = new Set(seen.bindings.map(({ profile }) => profile));
    const kinds = [...changes].flatMap(([profile, kindsOf]) => (profiles.has(profile) ? [...kindsOf] : []));
    return new Set(kinds.map((kind) => notices[kind]));
  };
}

function showsTheSame(a: View, b: View): boolean {
  return a === b || JSON.stringify(a.bindings) === JSON.stringify(b.bindings);
}
