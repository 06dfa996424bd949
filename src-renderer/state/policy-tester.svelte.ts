import type { ExposedTool } from '../../src-shared/contract.ts';
import type { PolicyTest, RuleView } from '../../src-shared/policy.ts';
import type { AppState } from './app-state.svelte.ts';
import { Resource } from './resource.svelte.ts';
import { verdictThen } from './rule-words.ts';

/** Short: it answers as one types. */
const pauseMs = 60;

/** What would happen to a call that nobody makes. */
export class PolicyTester {
  profile = $state<string | null>(null);
  tool = $state('');
  argumentsText = $state('{}');
  client = $state('');
  readonly tools: Resource<readonly ExposedTool[]>;
  readonly verdict: Resource<PolicyTest>;
  /** null: what stands there is no JSON object. */
  readonly arguments: Readonly<Record<string, unknown>> | null = $derived(readObject(this.argumentsText));
  /** What a tool of the chosen profile may be called. */
  readonly toolNames: readonly string[] = $derived.by(() => [
    ...new Set(
      (this.tools.value ?? []).filter(({ profile }) => profile === this.profile).map(({ tool }) => tool),
    ),
  ]);
  /** The rule that decided. */
  readonly rule: RuleView | null = $derived.by(() => {
    const verdict = this.verdict.value;
    // A rule that does several things stands there once for each.
    const isMeant = ({ number, then }: RuleView): boolean =>
      number === verdict?.rule && then === verdictThen(verdict.decision);
    return this.#app.policy.value?.rules.find(isMeant) ?? null;
  });
  readonly #app: AppState;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(app: AppState) {
    this.#app = app;
    this.tools = new Resource(async () => (await app.api.tools.list({ wait: false })).tools);
    this.verdict = new Resource(() =>
      app.api.policy.test({
        name: this.tool.trim(),
        profile: this.profile,
        arguments: this.arguments ?? {},
        ...(this.client.trim() !== '' && { client: this.client.trim() }),
      }),
    );
  }

  /** The view is on screen. */
  open(): void {
    this.profile ??= this.#app.profiles.value?.[0]?.id ?? null;
    void this.tools.refresh();
  }

  /** Something of the call is another thing now. */
  changed(): void {
    clearTimeout(this.#pause);
    if (this.tool.trim() === '' || this.arguments === null) this.verdict.clear();
    else this.#pause = setTimeout(() => void this.#try(), pauseMs);
  }

  /** The rules are others now. */
  again(): void {
    if (this.verdict.value || this.verdict.problem) this.changed();
  }

  async #try(): Promise<void> {
    if (this.tool.trim() === '' || this.arguments === null) return;
    await this.verdict.refresh();
  }
}

function readObject(json: string): Readonly<Record<string, unknown>> | null {
  if (json.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null; // Still being typed, most of the time.
  }
}
