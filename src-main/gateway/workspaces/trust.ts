import { randomInt } from 'node:crypto';
import { basename, dirname, isAbsolute } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { workspaceFileName, type WorkspaceFile, type WorkspaceInfo } from '../../../src-shared/workspace.ts';
import { escapeHidden } from '../config/plain-text.ts';
import type { Clock } from '../platform.ts';
import type { WorkspaceStore } from '../storage/workspace-store.ts';
import { hashOf, readText, readWorkspaceFile, realFolder } from './reading.ts';
import type { Terminal } from './terminal.ts';
import type { Workspaces } from './workspaces.ts';

/** What a person decides about workspace files. */
export interface Trust {
  /** Trusts what the person saw; throws WORKSPACE_FILE when the file says something else by now. */
  trust(path: string, hash: string): void;
  /** Takes back all that was trusted of a file; whether there was something. */
  forget(path: string): boolean;
  /** The same after a yes of whoever sits at a terminal; whether it was given. */
  ask(
    act: 'trust' | 'forget',
    folder: string,
    terminal: string,
    signal: AbortSignal,
  ): Promise<{ readonly file: string; readonly isDone: boolean }>;
}

export function createTrust(deps: {
  readonly store: WorkspaceStore;
  readonly workspaces: Workspaces;
  readonly terminal: Terminal;
  readonly clock: Clock;
}): Trust {
  const { store, workspaces, clock } = deps;

  function trust(path: string, hash: string): void {
    checkPath(path);
    const text = readText(path);
    if (typeof text !== 'string' || hashOf(text) !== hash)
      throw refused(`${path} changed since it was shown, or is gone; look at it again`);
    if (readWorkspaceFile(path, store, false).file?.hash !== hash)
      throw refused(`${path} cannot be read as TOML; correct it first`);
    store.trust(path, hash, text, Math.floor(clock.now() / 1_000));
    workspaces.refresh();
  }

  function forget(path: string): boolean {
    checkPath(path);
    const isForgotten = store.forget(path);
    workspaces.refresh();
    return isForgotten;
  }

  return {
    trust,
    forget,
    async ask(act, folder, terminal, signal) {
      const info = workspaces.info({ folder: realFolder(folder), isBound: true });
      const file = act === 'trust' ? toTrust(info) : toForget(info);
      const word = String(randomInt(1_000, 10_000));
      const question = act === 'trust' ? trustQuestion(file, word) : forgetQuestion(file, word);
      const isYes = await deps.terminal.confirm(terminal, question, word, signal);
      if (isYes && act === 'trust') trust(file.path, file.hash ?? '');
      if (isYes && act === 'forget') forget(file.path);
      return { file: file.path, isDone: isYes };
    },
  };
}

/** The nearest file that waits for a yes. */
function toTrust({ folder, files }: WorkspaceInfo): WorkspaceFile {
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

function toForget({ folder, files }: WorkspaceInfo): WorkspaceFile {
  const file = files.find(({ state }) => state === 'trusted' || state === 'changed' || state === 'gone');
  if (file) return file;
  throw refused(`no ${workspaceFileName} in ${folder} or above it is trusted`);
}

function trustQuestion({ path, connectors, problems }: WorkspaceFile, word: string): string {
  const lines = connectors.flatMap((entry): string[] => {
    if (entry.kind === 'pinned') return [`${entry.connector}: only the one that is detected or the default`];
    if (entry.bindings.length === 0) return [`${entry.connector}: no account`];
    return entry.bindings.map(
      ({ profile, alias, note }) => `${profile} as ${alias}${note === null ? '' : ` (${note})`}`,
    );
  });
  return asked(
    [
      `Trust ${path}?`,
      'In its folder, and those below, clients then see of these connectors only:',
      ...lines.map((line) => `  ${line}`),
      ...(problems.length > 0 ? [`${problems.length} problems in it; nucleus resolve shows them.`] : []),
    ],
    word,
  );
}

function forgetQuestion({ path }: WorkspaceFile, word: string): string {
  return asked([`Trust ${path} no more?`, 'What it hides from clients is shown to them again.'], word);
}

/** A number of its own each time: who answers has read the question. */
function asked(lines: readonly string[], word: string): string {
  return `\n${[...lines, `Type ${word} for yes, anything else for no:`].map(escapeHidden).join('\n')} `;
}

function checkPath(path: string): void {
  if (isAbsolute(path) && basename(path) === workspaceFileName && dirname(path) !== path) return;
  throw new NucleusError('USAGE', `name the whole path of a ${workspaceFileName}`);
}

function refused(sentence: string): NucleusError {
  return new NucleusError('WORKSPACE_FILE', sentence);
}
