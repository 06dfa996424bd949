import type { OwnTools } from '../surface-view.ts';
import { createCallTool, createReadTool } from './call.ts';
import { createPlanTool, type PlanDeps } from './plan.ts';

/** The gateway's own tools, which find and call those of the accounts. */
export function createMetaTools(deps: PlanDeps): OwnTools {
  const { settle } = deps;
  return {
    beside: [createCallTool(settle), createReadTool(settle), createPlanTool(deps)],
    compat: [],
  };
}
