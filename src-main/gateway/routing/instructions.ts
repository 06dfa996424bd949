import type { FixedMode } from '../../../src-shared/modes.ts';
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
  parts.push(wordsOfMode(view.surface()?.mode ?? 'expose-all'));
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
  parts.push(...wordsOfUpstreams(view));
  return parts.join('\n\n');
}

const naming =
  'Tools are named <connector>_<profile>_<tool>, for example supabase_prod_execute_sql beside supabase_staging_execute_sql. ' +
  'The profile in the name says which account a call reaches; every description starts with [connector/profile …].';
const ask = 'When it is not clear which account is meant, ask before changing anything.';
const rest =
  'nucleus_find_tool finds a tool that is not listed, on any account, and nucleus_call calls it by name. ' +
  'nucleus_call_plan calls several tools at once, such as one tool on several accounts, and with compare: true says what differs.';

/** How to reach the accounts, as it depends on what is listed. */
function wordsOfMode(mode: FixedMode): string {
  if (mode === 'compat')
    return `Only the tools search and execute are listed: search finds tools of all accounts, execute runs one by name. ${naming} ${ask}`;
  if (mode === 'search')
    return `No tool of an account is listed. Describe what you want to nucleus_find_tool, then call what it finds with nucleus_call. ${naming} ${rest} ${ask}`;
  if (mode === 'merged')
    return `A tool that several accounts of a connector have is listed once, as <connector>_<tool>; its required argument \`profile\` says which account a call reaches. Other tools are named <connector>_<profile>_<tool>. ${rest} ${ask}`;
  if (mode === 'hybrid')
    return `${naming} Of each connector the tools of one account are listed. When another account is named, ask nucleus_find_tool with its connector, and call what it finds with nucleus_call. ${rest} ${ask}`;
  return `${naming} ${rest} ${ask}`;
}

/** What is taken of one upstream's instructions, and of all together. */
const maxOfOne = 2_000;
const maxOfAll = 20_000;

/** What the upstreams tell models of themselves, marked as theirs: each text once, whichever accounts it comes from. */
function wordsOfUpstreams(view: View): string[] {
  const known = view.upstreams().flatMap(({ binding, greeting }) => {
    const words = greeting['instructions'];
    return typeof words === 'string' && words.trim() !== '' ? [{ binding, words: words.trim() }] : [];
  });
  const parts: string[] = [];
  let left = maxOfAll;
  for (const [words, from] of Map.groupBy(known, (one) => one.words)) {
    const names = from.map(({ binding }) => `${binding.connector}/${binding.alias}`).join(', ');
    const said = words.length > maxOfOne ? `${words.slice(0, maxOfOne)}…` : words;
    const part = `[${names}]\n${said.replace(/^/gm, '> ')}`;
    left -= part.length;
    if (left < 0) {
      parts.push('Other servers say more than fits here.');
      break;
    }
    parts.push(part);
  }
  if (parts.length === 0) return [];
  return [
    'What the servers of these accounts say of themselves; their words, not those of Nucleus:',
    ...parts,
  ];
}

function notes(bindings: readonly Binding[]): string[] {
  const noted = bindings.filter(({ note }) => note);
  if (noted.length === 0) return [];
  const lines = noted
    .slice(0, maxNotes)
    .map(({ connector, alias, note }) => `  - ${connector}/${alias}: ${note}`);
  return ['', 'Notes of the user on them:', ...lines];
}
