import type { View } from './view.ts';

/** What a client's model is told about this gateway when it connects; written from the view it has. */
export function instructions(view: View): string {
  const parts = [
    'Nucleus holds several accounts of the same services at once. Each account is a profile of a connector.',
  ];
  if (view.bindings.length === 0) {
    parts.push(
      'No profile is configured yet. The user adds one with `nucleus add <connector>`; `nucleus connectors` lists what there is.',
    );
    return parts.join('\n\n');
  }
  parts.push(
    'Tools are named <connector>_<profile>_<tool>, for example supabase_prod_execute_sql beside supabase_staging_execute_sql. ' +
      'The profile in the name says which account a call reaches; every description starts with [connector/profile …]. ' +
      'When it is not clear which account is meant, ask before changing anything.',
  );
  const byConnector = Map.groupBy(view.bindings, (binding) => binding.connector);
  parts.push(
    [
      'Connectors:',
      ...[...byConnector].map(
        ([connector, bindings]) =>
          `  - ${connector}: ${bindings.length} profile(s) — ${bindings.map(({ alias, isDefault }) => (isDefault ? `${alias} (default)` : alias)).join(', ')}`,
      ),
    ].join('\n'),
  );
  parts.push(
    'Answer questions about accounts and connections from this server; do not send the user to another server of a similar name. ' +
      'If a description says PRODUCTION or read-only, say so and confirm before you change anything there.',
  );
  return parts.join('\n\n');
}
