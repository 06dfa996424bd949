import type { Finding } from '../../src-shared/doctor.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import {
  checkTitle,
  doctorHint,
  doctorReport,
  doctorRows,
  findingKey,
  withReached,
  type DoctorRow,
  type Mended,
} from './doctor-words.ts';
import { Resource } from './resource.svelte.ts';

/** The Doctor view: what is wrong, what was mended, and whether every server can be reached. */
export class DoctorState {
  /** Key of the finding that is being mended. */
  fixing = $state<string | null>(null);
  isLooking = $state(false);
  isReaching = $state(false);
  /** The report as it is shown, which is the text that is copied; null while it is not. */
  report = $state<string | null>(null);
  problem = $state.raw<NucleusError | null>(null);
  /** What ran into the problem, once more. */
  retry: (() => Promise<void>) | null = null;
  /** Findings whose way out is shown. */
  opened = $state.raw<ReadonlySet<string>>(new Set());
  readonly look: Resource<readonly Finding[]>;
  readonly findings: readonly Finding[] | null = $derived.by(
    () => this.look.value && withReached(this.look.value, this.#reached),
  );
  readonly rows: readonly DoctorRow[] = $derived.by(() => doctorRows(this.findings ?? [], this.#mended));
  readonly passed: readonly Finding[] = $derived.by(() => {
    const shown = new Set(this.rows.map(({ key }) => key));
    return (this.findings ?? []).filter((one) => one.level === 'ok' && !shown.has(findingKey(one)));
  });
  readonly #app: AppState;
  #mended = $state.raw<readonly Mended[]>([]);
  /** What reaching the servers showed: a look of a push does not reach them, and must not forget it. */
  #reached = $state.raw<readonly Finding[]>([]);
  /** Counts who left: an answer to somebody who is gone counts for nothing. */
  #round = 0;

  constructor(app: AppState) {
    this.#app = app;
    this.look = new Resource(() => app.api.doctor.run({ probe: false }));
  }

  /** Looks once more, from nothing. */
  async again(): Promise<void> {
    if (this.isLooking) return;
    this.#mended = [];
    this.#reached = [];
    this.problem = null;
    this.isLooking = true;
    await this.look.refresh();
    this.isLooking = false;
    if (this.findings && !this.look.problem) this.#app.announce('doctor', doctorHint(this.findings));
  }

  /** Looks, and starts every server for it. */
  async reach(): Promise<void> {
    if (this.isReaching) return;
    const round = this.#round;
    this.problem = null;
    this.retry = () => this.reach();
    this.isReaching = true;
    try {
      const found = await this.#app.api.doctor.run({ probe: true });
      if (round !== this.#round) return;
      this.#reached = found;
      this.look.value = found;
      this.#app.announce('doctor', doctorHint(found));
    } catch (error) {
      if (round === this.#round) this.problem = toNucleusError(error);
    }
    if (round === this.#round) this.isReaching = false;
  }

  /** Ends what is only for who looks at it. */
  leave(): void {
    this.#round += 1;
    this.isReaching = false;
    this.report = null;
    this.#mended = [];
  }

  async fix(finding: Finding): Promise<void> {
    if (this.fixing !== null) return;
    this.fixing = findingKey(finding);
    this.problem = null;
    this.retry = () => this.fix(finding);
    const { check, subject } = finding;
    try {
      const { finding: now } = await this.#app.api.doctor.fix({ check, subject });
      const isFixed = now === null || now.level === 'ok';
      if (isFixed) {
        const at = this.rows.findIndex(({ key }) => key === this.fixing);
        this.#mended = [...this.#mended, { finding, at }];
        this.#reached = this.#reached.filter((one) => findingKey(one) !== this.fixing);
      }
      const say = isFixed ? text.doctor.saidFixed : text.doctor.stillWrong;
      this.#app.announce('doctor', say(checkTitle(finding)));
    } catch (error) {
      this.problem = toNucleusError(error);
    }
    await this.look.refresh();
    this.fixing = null;
  }

  toggleHow(key: string): void {
    const opened = new Set(this.opened);
    if (!opened.delete(key)) opened.add(key);
    this.opened = opened;
  }

  /** What is copied is what was read, whatever is found meanwhile. */
  toggleReport(): void {
    const { status } = this.#app;
    this.report =
      this.report === null
        ? doctorReport(this.findings ?? [], status.value?.version ?? null, Date.now())
        : null;
  }

  /** Something else is true now; what servers said of themselves may be about profiles that are gone. */
  async factsChanged(topic: 'profiles' | 'other'): Promise<void> {
    if (topic === 'profiles' && this.#reached.length > 0 && !this.isReaching) this.#reached = [];
    await this.look.refresh();
  }
}
