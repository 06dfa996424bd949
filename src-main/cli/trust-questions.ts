import { NucleusError } from '../../src-shared/errors.ts';
import { workspaceFileName, type WorkspaceFile, type WorkspaceInfo } from '../../src-shared/workspace.ts';
import { escapeHidden } from '../gateway/config/plain-text.ts';

/** The nearest file that waits for a yes. */
export function toTrust({ folder, files }: WorkspaceInfo): WorkspaceFile {
  const file = files.find(({ state }) => state === 'untrusted' || state === 'changed' || state === 'invalid');
  if (!file) {
    const trusted = files.find(({ state }) => state === 'trusted');
    throw refused(
      trusted
        ? `${trusted.path} is trusted already`
        : `there is no ${workspaceFileName} in ${folder} or above it`,
    );
  }
  if (file.hash !== null) return file;
  const [problem] = file.problems;
  const line = problem?.line == null ? '' : ` line ${problem.line}`;
  throw refused(
    `${file.path}${line} ${problem?.message ?? 'cannot be read'}; ${problem?.fix ?? 'correct it'}`,
  );
}

export function toForget({ folder, files }: WorkspaceInfo): WorkspaceFile {
  const file = files.find(({ state }) => state === 'trusted' || state === 'changed' || state === 'gone');
  if (file) return file;
  throw refused(`no ${workspaceFileName} in ${folder} or above it is trusted`);
}

/** What a person agrees to by trusting it. */
export function trustQuestion({ path, connectors, problems }: WorkspaceFile): string {
  const lines = connectors.flatMap((entry): string[] => {
    if (entry.kind === 'pinned') return [`${entry.connector}: only the one that is detected or the default`];
    if (entry.bindings.length === 0) return [`${entry.connector}: no account`];
    return entry.bindings.map(
      ({ profile, alias, note }) => `${profile} as ${alias}${note === null ? '' : ` (${note})`}`,
    );
  });
  return [
    `Trust ${path}?`,
    'In its folder, and those below, clients then see of these connectors only:',
    ...lines.map((line) => `  ${line}`),
    ...(problems.length > 0 ? [`${problems.length} problems in it; nucleus resolve shows them.`] : []),
  ]
    .map(escapeHidden)
    .join('\n');
}

export function forgetQuestion({ path }: WorkspaceFile): string {
  return `Trust ${escapeHidden(path)} no more?\nWhat it hides from clients is shown to them again.`;
}

function refused(sentence: string): NucleusError {
  return new NucleusError('WORKSPACE_FILE', sentence);
}
