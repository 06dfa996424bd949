import { toNucleusError } from '../../src-shared/errors.ts';
import type { ConnectorSummary } from '../../src-shared/model.ts';
import {
  addRequest,
  checkDraft,
  hasReadOnly,
  needsCommand,
  suggestName,
  type AddDraft,
  type FieldProblems,
  type NamedValue,
} from './add-request.ts';
import type { AppState } from './app-state.svelte.ts';
import { fieldProblems } from './field-problems.ts';
import { outcomeOf, type Outcome } from './outcome.ts';

type Row = { name: string; value: string };

/** The page that adds a profile: first the gallery, then the form of what was chosen. It keeps all until it is done. */
export class AddState {
  search = $state('');
  /** null: the gallery; `command`: a command of one's own. */
  chosen = $state.raw<ConnectorSummary | 'command' | null>(null);
  connectorName = $state('');
  name = $state('');
  metadata = $state<Record<string, string>>({});
  secrets = $state<Record<string, string>>({});
  isReadOnly = $state(true);
  commandLine = $state('');
  env = $state<Row[]>([]);
  secretEnv = $state<Row[]>([]);
  problems = $state.raw<FieldProblems>({});
  isBusy = $state(false);
  readonly connector: ConnectorSummary | null = $derived(this.chosen === 'command' ? null : this.chosen);
  readonly #app: AppState;
  readonly #done: (id: string, outcome: Outcome | null) => Promise<void>;
  #suggested = '';

  constructor(app: AppState, done: (id: string, outcome: Outcome | null) => Promise<void>) {
    this.#app = app;
    this.#done = done;
  }

  choose(chosen: ConnectorSummary | 'command' | null): void {
    this.problems = {};
    if (chosen === null || chosen === 'command') {
      this.chosen = chosen;
      return;
    }
    if (needsCommand(chosen)) {
      this.chosen = 'command';
      this.connectorName = chosen.name;
      return;
    }
    this.chosen = chosen;
    this.metadata = Object.fromEntries(chosen.metadata.map(({ key, default: value }) => [key, value ?? '']));
    this.secrets = Object.fromEntries(chosen.secrets.map((name) => [name, '']));
    this.isReadOnly = hasReadOnly(chosen);
  }

  /** A path offers a name, as long as nobody typed one. */
  suggest(path: string): void {
    if (this.name !== '' && this.name !== this.#suggested) return;
    this.#suggested = suggestName(path);
    this.name = this.#suggested;
  }

  async pickFile(key: string, title: string): Promise<void> {
    try {
      const { path } = await this.#app.api.app.pickFile({ title });
      if (path === null) return;
      this.metadata[key] = path;
      this.suggest(path);
    } catch (error) {
      this.problems = { ...this.problems, [`metadata.${key}`]: toNucleusError(error).message };
    }
  }

  addRow(kind: 'env' | 'secretEnv'): void {
    this[kind].push({ name: '', value: '' });
  }

  removeRow(kind: 'env' | 'secretEnv', index: number): void {
    this[kind].splice(index, 1);
    this.problems = {};
  }

  /** Adds and checks; on failure the sentences are at their fields and nothing typed is lost. */
  async submit(): Promise<void> {
    if (this.isBusy) return;
    const draft = this.#draft();
    this.problems = checkDraft(draft);
    if (Object.keys(this.problems).length > 0) return;
    this.isBusy = true;
    try {
      const { profile, probe } = await this.#app.api.profiles.add(addRequest(draft));
      this.secrets = {};
      this.secretEnv = [];
      await this.#done(profile.id, probe && outcomeOf(profile.id, probe, true));
    } catch (error) {
      this.problems = fieldProblems(toNucleusError(error), draft);
    } finally {
      this.isBusy = false;
    }
  }

  #draft(): AddDraft {
    const rows = (list: readonly Row[]): NamedValue[] =>
      list.map(({ name, value }) => ({ name: name.trim(), value }));
    return {
      connector: this.connector,
      connectorName: this.connectorName.trim(),
      name: this.name.trim(),
      metadata: { ...this.metadata },
      secrets: { ...this.secrets },
      isReadOnly: this.isReadOnly,
      commandLine: this.commandLine,
      env: rows(this.env),
      secretEnv: rows(this.secretEnv),
    };
  }
}
