import type { ResolvedConnector, WorkspaceFile, WorkspaceInfo } from '../../src-shared/workspace.ts';
import { text } from '../text.ts';
import type { StateWord } from './upstream-words.ts';

/** What a folder is called: its name where it has one, else the last part of its path. */
export function workspaceTitle({ name, folder }: WorkspaceInfo): string {
  return name ?? (folder.split(/[/\\]/).findLast((part) => part !== '') || folder);
}

const fileStates: Readonly<Record<WorkspaceFile['state'], Omit<StateWord, 'word'>>> = {
  trusted: { icon: 'okc', tone: 'ok' },
  changed: { icon: 'warn', tone: 'warn' },
  untrusted: { icon: 'clock', tone: 'warn' },
  invalid: { icon: 'badc', tone: 'bad' },
  gone: { icon: 'warn', tone: 'warn' },
};

/** Where a file stands, with a glyph. */
export function fileState({ state }: WorkspaceFile): StateWord {
  return { ...fileStates[state], word: text.workspaces.states[state] };
}

/** Something a person can say yes to. */
export function canTrust({ state, hash }: WorkspaceFile): boolean {
  return (state === 'untrusted' || state === 'changed') && hash !== null;
}

/** Something a person said yes to once. */
export function canForget({ state }: WorkspaceFile): boolean {
  return state === 'trusted' || state === 'changed' || state === 'gone';
}

/** The accounts that are worth a line of their own, and how many there are besides. */
export function namedBindings({ source, bindings }: ResolvedConnector): {
  readonly named: ResolvedConnector['bindings'];
  readonly others: number;
} {
  const meant = bindings.filter(({ isDefault }) => isDefault);
  const named = source === 'explicit' || meant.length === 0 ? bindings : meant;
  return { named, others: bindings.length - named.length };
}

/** What the account is called there; null when that is its own name. */
export function aliasOf({
  profile,
  alias,
}: {
  readonly profile: string;
  readonly alias: string;
}): string | null {
  return profile.slice(profile.indexOf(':') + 1) === alias ? null : alias;
}

/** `line 4: unknown key; remove it` */
export function problemWords(problem: WorkspaceInfo['problems'][number]): string {
  const line = problem.line === null ? '' : `line ${problem.line}: `;
  return `${line}${problem.message}; ${problem.fix}`;
}
