import type { WindowApi } from '../api.ts';

/** What files say of a connector's fields, and where that stands. */
export type Detected = Readonly<Record<string, { readonly value: string; readonly file: string }>>;

/** More folders than this are not looked through. */
const maxFolders = 10;

/** What the folders clients work in say of a connector's fields, where they all say the same. */
export async function detectFields(api: WindowApi, connector: string): Promise<Detected> {
  try {
    const workspaces = await api.workspaces.list({});
    const folders = workspaces.map(({ folder }) => folder).slice(0, maxFolders);
    const found = await Promise.all(folders.map((folder) => api.connectors.detect({ connector, folder })));
    const byField = Map.groupBy(found.flat(), ({ field }) => field);
    return Object.fromEntries(
      [...byField].flatMap(([field, [first, ...others]]) =>
        first && others.every(({ value }) => value === first.value)
          ? [[field, { value: first.value, file: first.file }] as const]
          : [],
      ),
    );
  } catch {
    // A help only: without it the person types.
    return {};
  }
}
