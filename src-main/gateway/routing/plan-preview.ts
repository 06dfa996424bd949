import type { Params } from '../wire/frame.ts';
import type { Plan } from './plan.ts';

/** What would happen to a step, as policy and catalog say it now. */
export interface Foreseen {
  /** The upstream's own name of the tool. */
  readonly tool: string;
  readonly decision: 'allow' | 'deny' | 'confirm' | 'approve';
  readonly reason?: string | undefined;
}

export interface PlanPreview {
  readonly dry_run: true;
  readonly steps: number;
  readonly parallelism: number;
  readonly timeout_ms: number;
  readonly results: readonly {
    readonly index: number;
    readonly name: string;
    readonly profile: string;
    readonly tool: string;
    readonly decision: Foreseen['decision'];
    readonly reason?: string;
    /** As the step would be called with them; absent where they are too large to be said again. */
    readonly arguments?: Params;
  }[];
}

/** Characters of arguments of all steps together: the caller knows them. */
const maxArguments = 256 * 1024;

/** What `dry_run` answers: each step with its way and its merged arguments; what is foreseen is in their order. */
export function previewPlan(plan: Plan, foreseen: readonly Foreseen[]): PlanPreview {
  let left = maxArguments;
  const fits = (given: Params): boolean => left > 0 && (left -= JSON.stringify(given).length) >= 0;
  return {
    dry_run: true,
    steps: plan.steps.length,
    parallelism: plan.parallelism,
    timeout_ms: plan.timeout,
    results: plan.steps.map((step, index) => {
      const { tool, decision, reason } = foreseen[index] as Foreseen;
      return {
        index: step.index,
        name: step.name,
        profile: step.profile,
        tool,
        decision,
        ...(reason !== undefined && { reason }),
        ...(fits(step.arguments) && { arguments: step.arguments }),
      };
    }),
  };
}
