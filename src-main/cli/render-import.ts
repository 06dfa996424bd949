import type { ImportPlan, ImportResult, ImportServer, ImportUndone } from '../../src-shared/import.ts';
import type { Context } from './context.ts';
import { note, oneLine, table } from './output.ts';

/** What an import would do, as a table; what of it stays, and why. */
export function describePlan({ sources }: ImportPlan, servers: readonly ImportServer[]): string {
  const titles = new Map(sources.map(({ file, title }) => [file, title]));
  const rows = servers.map((server) => [
    titles.get(server.file) ?? server.file,
    server.name,
    server.state === 'left' ? 'stays' : `${server.connector}:${server.profile}`,
    server.state === 'known' ? 'there already' : server.state,
    [...movesOf(server), ...(server.reason === null ? [] : [server.reason])].join('; ') || '-',
  ]);
  return rows.length === 0
    ? 'No servers to import.'
    : table(['CLIENT', 'NAME', 'BECOMES', 'STATE', 'SECRETS THAT MOVE TO THE VAULT, AND NOTES'], rows);
}

/** Says what could not be read, and which files will go on holding what moves. */
export function tellSources(
  context: Context,
  { sources }: ImportPlan,
  servers: readonly ImportServer[],
): void {
  for (const { file, title, host, problem } of sources) {
    if (problem !== null) note(context, oneLine(`warning: ${title}: ${problem}`));
    else if (host === null && servers.some((server) => server.file === file && server.secrets.length > 0))
      note(context, oneLine(`note: ${file} is not changed and goes on holding its secrets in the clear`));
  }
}

export function tellResult(context: Context, { added, failed, changed }: ImportResult): void {
  for (const { profile, tools, problem } of added)
    note(
      context,
      oneLine(
        problem === null
          ? `added ${profile} (${tools ?? 0} tools)`
          : `added ${profile}, which does not answer yet: ${problem}`,
      ),
    );
  for (const { name, file, problem } of failed)
    note(context, oneLine(`not imported: ${name} of ${file}: ${problem}`));
  for (const { file, backup } of changed) note(context, oneLine(`changed ${file}; before: ${backup}`));
  if (changed.length === 0) return;
  note(
    context,
    'The copies hold the files as they were, tokens included. To take all of it back: nucleus import --undo',
  );
  note(context, 'Once all works, delete them: nucleus import --forget-backups');
}

export function tellUndone(context: Context, { removed, restored, merged }: ImportUndone): void {
  for (const id of removed) note(context, `removed ${id}`);
  for (const file of restored) note(context, oneLine(`${file} is as it was, byte for byte`));
  for (const file of merged)
    note(context, oneLine(`${file} was written to since: its old entries are back, all else was kept`));
}

function movesOf({ state, secrets }: ImportServer): string[] {
  return state === 'new' ? secrets.map(({ name, place }) => `${name} (${place})`) : [];
}
