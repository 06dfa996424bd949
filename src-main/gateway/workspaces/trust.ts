import { basename, dirname, isAbsolute } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import { workspaceFileName } from '../../../src-shared/workspace.ts';
import type { Clock } from '../platform.ts';
import type { WorkspaceStore } from '../storage/workspace-store.ts';
import { hashOf, readText, readWorkspaceFile } from './reading.ts';
import type { Workspaces } from './workspaces.ts';

/** What a person decides about workspace files. */
export interface Trust {
  /** Trusts what the person saw; throws WORKSPACE_FILE when the file says something else by now. */
  trust(path: string, hash: string): void;
  /** Takes back all that was trusted of a file; whether there was something. */
  forget(path: string): boolean;
}

export function createTrust(deps: {
  readonly store: WorkspaceStore;
  readonly workspaces: Workspaces;
  readonly clock: Clock;
}): Trust {
  const { store, workspaces, clock } = deps;

  return {
    trust(path, hash) {
      checkPath(path);
      const text = readText(path);
      if (typeof text !== 'string' || hashOf(text) !== hash)
        throw refused(`${path} changed since it was shown, or is gone; look at it again`);
      if (readWorkspaceFile(path, store, false).file?.hash !== hash)
        throw refused(`${path} cannot be read as TOML; correct it first`);
      store.trust(path, hash, text, Math.floor(clock.now() / 1_000));
      workspaces.refresh();
    },
    forget(path) {
      checkPath(path);
      const isForgotten = store.forget(path);
      workspaces.refresh();
      return isForgotten;
    },
  };
}

function checkPath(path: string): void {
  if (isAbsolute(path) && basename(path) === workspaceFileName && dirname(path) !== path) return;
  throw new NucleusError('USAGE', `name the whole path of a ${workspaceFileName}`);
}

function refused(sentence: string): NucleusError {
  return new NucleusError('WORKSPACE_FILE', sentence);
}
