import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import {
  workspaceFileName,
  type WorkspaceFile,
  type WorkspaceProblem,
} from '../../../src-shared/workspace.ts';
import { escapeHidden } from '../config/plain-text.ts';
import { parseWorkspaceFile } from '../config/workspace-file.ts';
import { detect } from '../profiles/detect.ts';
import type { DetectRule } from '../profiles/manifest.ts';
import type { Hints } from '../routing/workspace.ts';
import { readBytesIfExists } from '../storage/files.ts';
import type { WorkspaceStore } from '../storage/workspace-store.ts';

/** A larger workspace file is none. */
const maxFileBytes = 64 * 1024;
/** Folders looked into on the way up. */
const maxFolders = 64;

/** Where a client works. */
export interface Place {
  /** Without links. A bound one is not looked at for them: what takes its place later must not lead elsewhere. */
  readonly folder: string;
  /** A token allows this workspace only: what a person trusted holds even where its file is removed. */
  readonly isBound: boolean;
}

/** What was found for a folder. */
export interface Reading {
  readonly files: readonly WorkspaceFile[];
  readonly hints: Hints;
  /** What is wrong with what applies. */
  readonly problems: readonly WorkspaceProblem[];
  /** Files whose appearing, changing or going makes this reading old. */
  readonly watched: readonly string[];
}

export interface ReadingDeps {
  /** The user's home: nothing above it is looked at from inside it. */
  readonly home: string;
  readonly store: Pick<WorkspaceStore, 'isTrusted' | 'latestTrusted'>;
  /** The rules of the connectors that have profiles. */
  readonly rules: () => readonly { readonly connector: string; readonly rules: readonly DetectRule[] }[];
}

/** Reads what a folder, and those above it, say about the accounts that are used there. Never throws for what lies there. */
export function readPlace({ folder, isBound }: Place, deps: ReadingDeps): Reading {
  const folders = foldersUp(folder, deps.home);
  const files: WorkspaceFile[] = [];
  let applied: Hints['file'] = null;
  const problems: WorkspaceProblem[] = [];
  for (const path of folders.map((each) => join(each, workspaceFileName))) {
    const { file, text } = readWorkspaceFile(path, deps.store, isBound);
    if (!file) continue;
    files.push(file);
    // One that nobody trusted has no effect at all: it cannot take the place of a trusted one above it either.
    if (text === null) continue;
    const content = parseWorkspaceFile(text, path);
    applied = { path, connectors: content.connectors };
    problems.push(...content.problems);
    break;
  }
  const outcomes = deps.rules().map(({ connector, rules }) => detect(connector, rules, folders));
  for (const { connector, file, message } of outcomes.flatMap(({ failures }) => failures))
    problems.push({
      file: escapeHidden(file),
      line: null,
      connector,
      message: escapeHidden(
        `${file} ${message}; it is not used to find out which account of ${connector} is meant`,
      ),
      fix: escapeHidden(`correct ${file}`),
    });
  const detected = outcomes.flatMap(({ found }) => found);
  const ruleFiles = new Set(deps.rules().flatMap(({ rules }) => rules.flatMap(({ files: names }) => names)));
  return {
    files,
    hints: { file: applied, detected },
    problems,
    watched: folders.flatMap((each) => [
      join(each, workspaceFileName),
      ...[...ruleFiles].map((name) => firstMissing(each, name)),
    ]),
  };
}

/** A workspace file as it stands, and the text of it that applies; no file where there is none. */
export function readWorkspaceFile(
  path: string,
  store: ReadingDeps['store'],
  isBound: boolean,
): { readonly file: WorkspaceFile | null; readonly text: string | null } {
  const latest = store.latestTrusted(path);
  const found = readText(path);
  const shownPath = escapeHidden(path);
  if (found === null) {
    if (latest === null || !isBound) return { file: null, text: null };
    const { connectors } = parseWorkspaceFile(latest, path);
    return {
      file: { path, state: 'gone', hash: null, connectors: [...connectors], problems: [] },
      text: latest,
    };
  }
  if (found instanceof NucleusError) {
    const problem = {
      file: shownPath,
      line: null,
      connector: null,
      message: escapeHidden(found.message),
      fix: 'make it a text file of at most 64 KiB that you can read',
    };
    const state = latest === null ? 'invalid' : 'changed';
    return { file: { path, state, hash: null, connectors: [], problems: [problem] }, text: latest };
  }
  const hash = hashOf(found);
  const { isReadable, connectors, problems } = parseWorkspaceFile(found, path);
  const file = {
    path,
    hash: isReadable ? hash : null,
    connectors: [...connectors],
    problems: [...problems],
  };
  // Who goes back to another branch need not be asked again. A limit somebody set is not widened that way: whoever may
  // write the file could bring back what was narrowed since.
  if (isBound ? found === latest : store.isTrusted(path, hash))
    return { file: { ...file, state: 'trusted' }, text: found };
  if (latest !== null) return { file: { ...file, state: 'changed' }, text: latest };
  return { file: { ...file, state: isReadable ? 'untrusted' : 'invalid' }, text: null };
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The text of a file, null when there is none, or why it cannot be read. */
export function readText(path: string): string | NucleusError | null {
  try {
    return readBytesIfExists(path, maxFileBytes)?.toString('utf8') ?? null;
  } catch (error) {
    return toNucleusError(error);
  }
}

/** The folder and those above it, to the home folder where it lies in there, else to the root. */
export function foldersUp(folder: string, home: string): readonly string[] {
  const last = realFolder(home);
  const folders: string[] = [];
  for (let at = folder; folders.length < maxFolders; at = dirname(at)) {
    folders.push(at);
    if (at === last || dirname(at) === at) break;
  }
  return folders;
}

/** Without links, so that a home behind one is known; as it is where it cannot be told. */
export function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    // It is gone, or may not be entered: then nothing is found in it.
    return resolve(folder);
  }
}

/** The file, or the first part of the way to it that is not there: where that appears, the file may. */
function firstMissing(folder: string, name: string): string {
  let at = folder;
  for (const part of relative(folder, join(folder, name)).split(sep)) {
    at = join(at, part);
    if (!existsSync(at)) break;
  }
  return at;
}
