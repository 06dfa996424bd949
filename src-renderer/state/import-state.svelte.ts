import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { ImportPlan, ImportResult, ImportUndone } from '../../src-shared/import.ts';
import type { EnvClass } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { importGroups, type ImportGroup, type ImportRow } from './import-rows.ts';
import { Resource } from './resource.svelte.ts';

/** The page does not wait longer than this for what the files say. */
const patienceMs = 3_000;

/** Bringing in what the clients of this computer have already. */
export class ImportState {
  busy = $state<'run' | 'undo' | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  /** What ran into the problem, once more. */
  again: (() => Promise<void>) | null = null;
  result = $state.raw<ImportResult | null>(null);
  undone = $state.raw<ImportUndone | null>(null);
  /** The files were looked at, or that takes too long. */
  isSettled = $state(false);
  /** What became of the classes that were chosen, where they could not be given; one sentence each. */
  classProblems = $state.raw<readonly string[]>([]);
  readonly plan: Resource<ImportPlan>;
  readonly groups: readonly ImportGroup[] = $derived.by(() =>
    this.plan.value ? importGroups(this.plan.value) : [],
  );
  readonly rows: readonly ImportRow[] = $derived(this.groups.flatMap(({ rows }) => rows));
  readonly chosen: readonly ImportRow[] = $derived(this.rows.filter(({ id }) => !this.#leftOut.has(id)));
  /** There is something to bring in. */
  readonly hasOffer: boolean = $derived(this.rows.length > 0);
  readonly #app: AppState;
  #leftOut = $state.raw<ReadonlySet<string>>(new Set());
  #envs = $state.raw<ReadonlyMap<string, EnvClass | null>>(new Map());

  constructor(app: AppState) {
    this.#app = app;
    this.plan = new Resource(() => app.api.import.look({}));
  }

  /** Reads the files again. */
  async look(): Promise<void> {
    const patience = setTimeout(() => (this.isSettled = true), patienceMs);
    await this.plan.refresh();
    clearTimeout(patience);
    this.isSettled = true;
  }

  /** A file that was read may say something else now. */
  async filesChanged(): Promise<void> {
    if (this.isSettled && this.busy === null) await this.plan.refresh();
  }

  isChosen({ id }: ImportRow): boolean {
    return !this.#leftOut.has(id);
  }

  choose({ id }: ImportRow, isChosen: boolean): void {
    const leftOut = new Set(this.#leftOut);
    if (isChosen) leftOut.delete(id);
    else leftOut.add(id);
    this.#leftOut = leftOut;
  }

  envOf({ id, env }: ImportRow): EnvClass | null {
    return this.#envs.has(id) ? (this.#envs.get(id) ?? null) : env;
  }

  /** Nobody said another class than the one the name suggests. */
  isGuessed({ id, env }: ImportRow): boolean {
    return env !== null && !this.#envs.has(id);
  }

  setEnv({ id }: ImportRow, env: EnvClass | null): void {
    this.#envs = new Map(this.#envs).set(id, env);
  }

  async run(): Promise<void> {
    const { chosen } = this;
    const plan = this.plan.value;
    if (!plan || this.busy !== null || chosen.length === 0) return;
    await this.#act('run', async () => {
      const result = await this.#app.api.import.run({
        version: plan.version,
        servers: chosen.flatMap(({ servers }) => servers.map(({ id }) => id)),
        clean: true,
      });
      await this.#app.profiles.refresh();
      await this.#giveClasses(chosen, new Set(result.added.map(({ profile }) => profile)));
      this.result = result;
      this.#app.announce('import', text.imports.done(result.added.length));
    });
  }

  async undo(): Promise<void> {
    if (this.busy !== null) return;
    await this.#act('undo', async () => {
      const undone = await this.#app.api.import.undo({});
      this.undone = undone;
      this.result = null;
      this.#app.announce('import', text.imports.undone(undone.removed.length, undone.restored.length));
    });
  }

  /** What was shown of it is read, or is old by now. */
  forget(): void {
    this.result = null;
    this.undone = null;
    this.problem = null;
    this.classProblems = [];
  }

  /** A class that cannot be given leaves the profile without one, which is the careful side. */
  async #giveClasses(rows: readonly ImportRow[], added: ReadonlySet<string>): Promise<void> {
    const problems: string[] = [];
    for (const row of rows) {
      const env = this.envOf(row);
      const now = this.#app.envOf(row.id);
      if (!added.has(row.id) || now === env) continue;
      try {
        // The first class anybody may give; another one is for a person, which not every window can prove at once.
        if (now === null && env !== null) await this.#app.api.profiles.setEnv({ id: row.id, env });
        else await this.#app.api.profiles.changeEnv({ id: row.id, env });
      } catch (error) {
        problems.push(text.imports.noClass(row.id, toNucleusError(error).message));
      }
    }
    this.classProblems = problems;
  }

  async #act(busy: 'run' | 'undo', act: () => Promise<void>): Promise<void> {
    this.forget();
    this.again = () => this[busy]();
    this.busy = busy;
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
    }
    // Files that say something else by now are shown as they are, with what is still to be chosen.
    await Promise.all([
      this.plan.refresh(),
      ...(['profiles', 'hosts', 'status'] as const).map((topic) => this.#app.refresh(topic)),
    ]);
    this.busy = null;
  }
}
