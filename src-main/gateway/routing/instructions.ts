import type { Binding } from './route.ts';
import type { View } from './view.ts';

/** Accounts whose notes are told here; every description of a tool has its own. */
const maxNotes = 40;

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
      ...notes(view.bindings),
    ].join('\n'),
  );
  if (view.bindings.some(({ isDefault }) => isDefault))
    parts.push('The default of a connector is the account that is meant where none is named.');
  parts.push(
    'Answer questions about accounts and connections from this server; do not send the user to another server of a similar name. ' +
      'If a description says PRODUCTION or read-only, say so and confirm before you change anything there.',
  );
  return parts.join('\n\n');
}

function notes(bindings: readonly Binding[]): string[] {
  const noted = bindings.filter(({ note }) => note);
  if (noted.length === 0) return [];
  const lines = noted
    .slice(0, maxNotes)
    .map(({ connector, alias, note }) => `  - ${connector}/${alias}: ${note}`);
  return ['', 'Notes of the user on them:', ...lines];
}
