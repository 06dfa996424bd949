import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { PolicyInfo, PolicyProblem } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { PolicyTester } from './policy-tester.svelte.ts';
import { Resource } from './resource.svelte.ts';

export type PolicyLayout = 'table' | 'split' | 'toml';

/** A pause in the typing before the text is looked at. */
const pauseMs = 250;

/** The Policy view: how it is laid out, the text being written, and a change that waits for a person's yes. */
export class PolicyState {
  layout = $state<PolicyLayout>('table');
  /** The text as it is being written; null while it is the file's. */
  draft = $state<string | null>(null);
  busy = $state<'save' | 'accept' | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  /** The act that ran into it, once more. */
  again: (() => Promise<unknown>) | null = null;
  isComparing = $state(false);
  /** What a person is asked to accept, as it was shown to them: a yes is to that and to nothing newer. */
  question = $state.raw<PolicyInfo | null>(null);
  /** Where the editor has to go, from 1; counted, so that the same place can be asked for twice. */
  goal = $state.raw<{ readonly line: number; readonly column: number; readonly nth: number } | null>(null);
  readonly tester: PolicyTester;
  readonly check: Resource<readonly PolicyProblem[]>;
  readonly info: PolicyInfo | null = $derived.by(() => this.#app.policy.value);
  readonly text: string = $derived.by(() => this.draft ?? this.info?.text ?? '');
  /** Of the draft as far as it was looked at, else of the file. */
  readonly problems: readonly PolicyProblem[] = $derived.by(() =>
    this.draft === null ? (this.info?.problems ?? []) : (this.check.value ?? []),
  );
  readonly mistakes: number = $derived(this.problems.filter(({ severity }) => severity === 'error').length);
  /** The file is another one by now than the draft began with. */
  readonly isStale: boolean = $derived.by(
    () => this.draft !== null && (this.info?.text ?? null) !== this.#base,
  );
  readonly #app: AppState;
  #base = $state.raw<string | null>(null);
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(app: AppState) {
    this.#app = app;
    this.tester = new PolicyTester(app);
    this.check = new Resource(() => app.api.policy.check({ text: this.text }));
  }

  /** The file, or what judges, is another one: what was tried is tried again. */
  policyChanged(): void {
    if (this.question && this.question.version !== this.info?.version) this.question = null;
    if (this.info?.state !== 'pending' && this.info?.state !== 'invalid') this.isComparing = false;
    this.tester.again();
  }

  write(draft: string): void {
    if (this.draft === null) this.#base = this.info?.text ?? null;
    if (draft === this.#base) return this.discard();
    this.draft = draft;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.check.refresh(), pauseMs);
  }

  discard(): void {
    clearTimeout(this.#pause);
    this.draft = null;
    this.problem = null;
    this.check.clear();
  }

  /** A file where there is none, with examples to begin with. */
  create(): void {
    this.layout = 'toml';
    this.write(text.policy.example);
  }

  /** Shows a line in the editor. */
  goTo(line: number, column: number | null = null): void {
    if (this.layout === 'table') this.layout = 'toml';
    this.goal = { line, column: column ?? 1, nth: (this.goal?.nth ?? 0) + 1 };
  }

  async save(): Promise<void> {
    const { draft } = this;
    if (draft === null || this.mistakes > 0 || this.isStale) return;
    await this.#act('save', async () => {
      this.#app.policy.value = await this.#app.api.policy.save({ text: draft, base: this.#base });
      // What was typed meanwhile stays, on what is written now.
      if (this.draft === draft) this.discard();
      else this.#base = draft;
      this.#app.announce('policy', text.policy.editor.saved);
    });
  }

  ask(): void {
    this.problem = null;
    this.question = this.info;
  }

  leave(): void {
    this.question = null;
  }

  async accept(): Promise<void> {
    const { question } = this;
    if (!question) return;
    await this.#act('accept', async () => {
      this.#app.policy.value = await this.#app.api.policy.accept({ version: question.version });
      this.#app.announce('policy', text.policy.accepted);
    });
    this.question = null;
  }

  async #act(busy: 'save' | 'accept', act: () => Promise<void>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = busy;
    this.problem = null;
    this.again = () => (busy === 'save' ? this.save() : this.accept());
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
      await this.#app.policy.refresh();
    } finally {
      this.busy = null;
    }
    this.policyChanged();
  }
}
