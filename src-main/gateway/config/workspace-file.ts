import { parse, TomlError } from 'smol-toml';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { checkName, profileId } from '../../../src-shared/model.ts';
import type {
  WorkspaceBinding,
  WorkspaceConnector,
  WorkspaceProblem,
} from '../../../src-shared/workspace.ts';
import type { KeyPath } from './key-path.ts';
import { nearest } from './nearest.ts';
import { locateKeys } from './positions.ts';
import { escapeHidden, hasHidden } from './plain-text.ts';

/** What a workspace file says; one that is no TOML says nothing, and `isReadable` is false. */
export interface WorkspaceContent {
  readonly isReadable: boolean;
  readonly connectors: readonly WorkspaceConnector[];
  readonly problems: readonly WorkspaceProblem[];
}

/** Longest note: it goes into the description of every tool of the account. */
const maxNoteLength = 200;
/** As many bindings are read of one file, and as many problems told. */
const maxBindings = 500;
const maxProblems = 50;
const knownKeys = ['profile', 'alias', 'note', 'pin'];

type Report = (path: KeyPath, connector: string | null, message: string, fix: string) => void;

/**
 * Reads a `.mcp-profiles.toml`: each top-level key a connector, its value a table or a list of tables. What is wrong
 * with one connector keeps nothing from the others.
 */
export function parseWorkspaceFile(text: string, file: string): WorkspaceContent {
  const problems: WorkspaceProblem[] = [];
  const table = parseToml(text, file, problems);
  if (table === null) return { isReadable: false, connectors: [], problems };
  const locate = locateKeys(text);
  const report: Report = (path, connector, message, fix) => {
    if (problems.length >= maxProblems) return;
    const line = locate(path)?.line ?? locate(path.slice(0, 1))?.line ?? null;
    problems.push({
      file: escapeHidden(file),
      line,
      connector: connector && escapeHidden(connector),
      message: escapeHidden(message),
      fix: escapeHidden(fix),
    });
  };
  let room = maxBindings;
  const connectors = Object.entries(table).flatMap(([connector, value]): WorkspaceConnector[] => {
    const read = readConnector(connector, value, report);
    if (read === null) return [];
    if (read.kind === 'bound') {
      if (read.bindings.length > room)
        report(
          [connector],
          connector,
          `more than ${maxBindings} bindings in one file`,
          'bind fewer accounts',
        );
      const bindings = read.bindings.slice(0, room);
      room -= bindings.length;
      return [{ ...read, bindings }];
    }
    return [read];
  });
  return { isReadable: true, connectors, problems };
}

function parseToml(
  text: string,
  file: string,
  problems: WorkspaceProblem[],
): Readonly<Record<string, unknown>> | null {
  try {
    return parse(text.replace(/^\ufeff/, ''), { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [sentence = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    const isTwice = /redefine|already defined/.test(sentence);
    problems.push({
      file: escapeHidden(file),
      line: error.line,
      connector: null,
      message: `is not valid TOML: ${escapeHidden(sentence)}`,
      fix: isTwice
        ? 'write [[connector]] above each account where there are several of one connector'
        : `correct line ${error.line}`,
    });
    return null;
  }
}

/** null where the name itself says nothing a connector could be called. */
function readConnector(connector: string, value: unknown, report: Report): WorkspaceConnector | null {
  try {
    checkName('connector', connector);
  } catch (error) {
    report(
      [connector],
      connector,
      toNucleusError(error).message,
      'name a connector, as nucleus connectors does',
    );
    return null;
  }
  const bound = (bindings: WorkspaceBinding[]): WorkspaceConnector => ({
    kind: 'bound',
    connector,
    bindings,
  });
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [first] = list;
  if (!Array.isArray(value) && isTable(first) && first['profile'] === undefined && first['pin'] === true) {
    reportUnknown([connector], connector, first, report);
    return { kind: 'pinned', connector };
  }
  const taken = new Set<string>();
  return bound(
    list.flatMap((entry, index) => {
      const path = Array.isArray(value) ? [connector, index] : [connector];
      const binding = readBinding(path, connector, entry, report);
      if (binding === null) return [];
      if (taken.has(binding.alias)) {
        report(
          [...path, 'alias'],
          connector,
          `alias "${binding.alias}" is given twice for ${connector}; the first one counts`,
          'give each account an alias of its own',
        );
        return [];
      }
      taken.add(binding.alias);
      return [binding];
    }),
  );
}

function readBinding(
  path: KeyPath,
  connector: string,
  entry: unknown,
  report: Report,
): WorkspaceBinding | null {
  if (!isTable(entry)) {
    report(
      path,
      connector,
      `${connector} must be a table`,
      `write [${connector}] with profile = "NAME" below it`,
    );
    return null;
  }
  reportUnknown(path, connector, entry, report);
  const { profile, alias, note, pin } = entry;
  if (typeof profile !== 'string') {
    const message = profile === undefined ? 'profile is required' : 'profile must be a text in quotes';
    report(
      profile === undefined ? path : [...path, 'profile'],
      connector,
      message,
      `add profile = "NAME", one of those nucleus list shows for ${connector}`,
    );
    return null;
  }
  if (pin === false)
    report(
      [...path, 'pin'],
      connector,
      'pin = false has no meaning: what is bound is all there is',
      'remove pin',
    );
  else if (pin !== undefined && pin !== true)
    report([...path, 'pin'], connector, 'pin must be true or false', 'remove pin');
  // The whole id is what nucleus list shows, so it is taken too.
  const name = profile.startsWith(`${connector}:`) ? profile.slice(connector.length + 1) : profile;
  const nameProblem = problemOf('profile', name);
  if (nameProblem !== null) {
    report([...path, 'profile'], connector, nameProblem, 'name a profile as nucleus list does');
    return null;
  }
  const wanted = alias ?? name;
  const aliasProblem =
    typeof wanted === 'string' ? problemOf('alias', wanted) : 'alias must be a text in quotes';
  if (typeof wanted !== 'string' || aliasProblem !== null) {
    report(
      [...path, 'alias'],
      connector,
      aliasProblem ?? '',
      'an alias is part of the names of tools: use a-z 0-9 - _',
    );
    return null;
  }
  return {
    profile: profileId(connector, name),
    alias: wanted,
    note: readNote(path, connector, note, report),
  };
}

/** A note that cannot be shown as it is, is left out: it would stand before what a model reads. */
function readNote(path: KeyPath, connector: string, note: unknown, report: Report): string | null {
  if (note === undefined) return null;
  const refuse = (message: string): null => {
    report(
      [...path, 'note'],
      connector,
      `${message}; the note is left out`,
      `write one line of at most ${maxNoteLength} plain characters`,
    );
    return null;
  };
  if (typeof note !== 'string') return refuse('note must be a text in quotes');
  const text = note.trim();
  if ([...text].length > maxNoteLength) return refuse(`note is longer than ${maxNoteLength} characters`);
  if (/[\r\n\u2028\u2029]/.test(text)) return refuse('note has more than one line');
  if (hasHidden(text)) return refuse('note has characters nobody can see');
  return text === '' ? null : text;
}

function reportUnknown(
  path: KeyPath,
  connector: string,
  entry: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  for (const key of Object.keys(entry)) {
    if (knownKeys.includes(key)) continue;
    const near = nearest(key, knownKeys);
    report(
      [...path, key],
      connector,
      `unknown key "${key.slice(0, 60)}"`,
      near === null ? `the keys are ${knownKeys.join(', ')}` : `did you mean ${near}?`,
    );
  }
}

function problemOf(what: 'profile' | 'alias', name: string): string | null {
  try {
    checkName(what, name);
    return null;
  } catch (error) {
    return toNucleusError(error).message;
  }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  // Dates of TOML are objects too.
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
