import type { View } from '../view.ts';

/** Accounts that are named one by one in a text every client reads. */
const maxNamed = 40;

/** What a view holds, in one line: `Loaded: github [personal, work] (24 tools); supabase [prod] (31 tools)`. */
export function summaryOf(view: View): string {
  if (view.bindings.length === 0) return 'No profiles currently loaded.';
  const counts = new Map<string, number>();
  for (const { route } of view.rows('tool')) {
    const { connector } = route.binding;
    counts.set(connector, (counts.get(connector) ?? 0) + 1);
  }
  const shown = view.bindings.slice(0, maxNamed);
  const parts = [...Map.groupBy(shown, ({ connector }) => connector)].map(
    ([connector, bindings]) =>
      `${connector} [${bindings.map(({ alias }) => alias).join(', ')}] (${counts.get(connector) ?? 0} tools)`,
  );
  const more = view.bindings.length - shown.length;
  return `Loaded: ${parts.join('; ')}${more > 0 ? `; and ${more} more profiles` : ''}`;
}
