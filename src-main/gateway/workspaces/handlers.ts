import { statSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import type { Handlers, HandlersOf, PersonContract } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { checkName, maxNameLength } from '../../../src-shared/model.ts';
import type { WorkspaceInfo } from '../../../src-shared/workspace.ts';
import type { Clock } from '../platform.ts';
import type { WorkspaceStore } from '../storage/workspace-store.ts';
import { realFolder } from './reading.ts';
import type { Trust } from './trust.ts';
import type { Workspaces } from './workspaces.ts';

/** Folders kept under a name. */
const maxWorkspaces = 500;

/** Answers the questions about workspaces; the only writer of registered folders. */
export function createWorkspaceHandlers(deps: {
  readonly store: WorkspaceStore;
  readonly workspaces: Workspaces;
  readonly trust: Trust;
  /** Names of the clients whose token is bound to a workspace. */
  readonly clientsOf: (workspace: string) => readonly string[];
  readonly clock: Clock;
}): {
  readonly handlers: Handlers['workspaces'];
  readonly person: HandlersOf<PersonContract>['workspaces'];
} {
  const { store, workspaces, trust } = deps;

  function add(folder: string, asked: string | null): WorkspaceInfo {
    checkFolder(folder);
    const real = realFolder(folder);
    const registered = store.list();
    const before = registered.find((workspace) => workspace.folder === real);
    if (before)
      throw new NucleusError(
        'WORKSPACE_EXISTS',
        `${real} is workspace ${before.name} already; remove that first to call it otherwise`,
      );
    const name = asked ?? nameOf(real);
    checkName('workspace', name);
    if (/^[0-9a-f]{16}$/.test(name))
      throw new NucleusError('NAME_INVALID', `"${name}" looks like the id of a folder; pick another name`);
    const taken = registered.find((workspace) => workspace.name === name);
    if (taken)
      throw new NucleusError(
        'WORKSPACE_EXISTS',
        `workspace ${name} is ${taken.folder} already; give this folder another name`,
      );
    if (registered.length >= maxWorkspaces)
      throw new NucleusError(
        'WORKSPACE_EXISTS',
        `there are ${maxWorkspaces} workspaces already, more are not kept; remove one`,
      );
    store.insert({ name, folder: real, createdAt: Math.floor(deps.clock.now() / 1_000) });
    workspaces.refresh();
    return workspaces.info({ folder: real, isBound: false });
  }

  function remove(nameOrId: string): boolean {
    const found = workspaces.find(nameOrId);
    if (!found) return false;
    // Another folder under the same name would be another limit than the one somebody set.
    const bound = deps.clientsOf(found.name);
    if (bound.length > 0)
      throw new NucleusError(
        'WORKSPACE_IN_USE',
        `the token of ${bound.join(', ')} is bound to workspace ${found.name}; take it away first with nucleus clients remove`,
      );
    store.remove(found.name);
    workspaces.refresh();
    return true;
  }

  return {
    handlers: {
      list: () => workspaces.list(),
      resolve({ folder, isBound }) {
        checkFolder(folder);
        return workspaces.info({ folder: isBound ? realFolder(folder) : folder, isBound });
      },
      add: ({ folder, name }) => add(folder, name),
      remove: ({ name }) => ({ removed: remove(name) }),
    },
    person: {
      trust({ file, hash }) {
        trust.trust(file, hash);
        return {};
      },
      forget: ({ file }) => ({ forgotten: trust.forget(file) }),
    },
  };
}

function checkFolder(folder: string): void {
  if (!isAbsolute(folder)) throw new NucleusError('USAGE', 'the folder must be an absolute path');
  let isFolder = false;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch {
    // Said below: for who asks, one that may not be looked at is not there.
  }
  if (!isFolder)
    throw new NucleusError('WORKSPACE_UNKNOWN', `${folder} is no folder; name one that is there`);
}

/** The folder's own name in the characters a name may have. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, maxNameLength);
  if (name !== '') return name;
  throw new NucleusError('NAME_INVALID', `${folder} gives no name; say one: nucleus workspace add DIR NAME`);
}
