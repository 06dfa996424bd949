import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { WorkspaceFile, WorkspaceInfo } from '../../src-shared/workspace.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { Resource } from './resource.svelte.ts';

/** How many folders there are at first, and how many more each time. */
const pageSize = 20;

/** What a person is asked about a workspace file, and the file as it was shown to them. */
export interface FileQuestion {
  readonly act: 'trust' | 'forget';
  readonly file: WorkspaceFile;
  /** Where it is asked: a file can stand above several of the folders. */
  readonly folder: string;
}

/** The folders clients work in, and which of their files a person trusts. */
export class WorkspacesState {
  /** Never follows the file: a yes is to what was read, and the gateway refuses it when the file changed since. */
  question = $state.raw<FileQuestion | null>(null);
  busy = $state<FileQuestion['act'] | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  readonly list: Resource<readonly WorkspaceInfo[]>;
  readonly shown: readonly WorkspaceInfo[] = $derived.by(() => (this.list.value ?? []).slice(0, this.#limit));
  /** How many folders the next press would add. */
  readonly more: number = $derived.by(() =>
    Math.min(pageSize, (this.list.value?.length ?? 0) - this.shown.length),
  );
  readonly #app: AppState;
  #limit = $state(pageSize);

  constructor(app: AppState) {
    this.#app = app;
    this.list = new Resource(() => app.api.workspaces.list({}));
  }

  showMore(): void {
    this.#limit += pageSize;
  }

  ask(act: FileQuestion['act'], file: WorkspaceFile, folder: string): void {
    this.problem = null;
    this.question = { act, file, folder };
  }

  leave(): void {
    this.question = null;
    this.problem = null;
  }

  /** The yes to the question. */
  async agree(): Promise<void> {
    const { question } = this;
    if (!question || this.busy !== null) return;
    const { act, file } = question;
    this.busy = act;
    this.problem = null;
    try {
      if (act === 'trust') await this.#app.api.workspaces.trust({ file: file.path, hash: file.hash ?? '' });
      else await this.#app.api.workspaces.forget({ file: file.path });
      this.question = null;
      this.#app.announce('workspaces', text.workspaces.done[act](file.path));
    } catch (error) {
      // What was asked is no longer what is there: the row has the new content, and a question of its own.
      this.question = null;
      this.problem = toNucleusError(error);
    }
    await this.list.refresh();
    this.busy = null;
  }
}
