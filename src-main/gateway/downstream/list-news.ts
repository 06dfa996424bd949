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

/** Which changes are news to one client: profiles outside its view are none of its business. */
export function createListNews(view: () => View): (changes: ListChanges) => ReadonlySet<string> {
  const profilesNow = (): ReadonlySet<string> => new Set(view().bindings.map(({ profile }) => profile));
  /** Profiles whose lists the client was told of. */
  let seen = profilesNow();
  return (changes) => {
    const before = seen;
    seen = profilesNow();
    // One that was removed is gone from the view and yet news to it.
    const kinds = [...changes].flatMap(([profile, kindsOf]) =>
      before.has(profile) || seen.has(profile) ? [...kindsOf] : [],
    );
    return new Set(kinds.map((kind) => notices[kind]));
  };
}
