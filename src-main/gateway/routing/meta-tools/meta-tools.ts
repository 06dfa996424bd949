import type { OwnTools } from '../surface-view.ts';
import { createCallTool, createReadTool } from './call.ts';
import { createCompatExecute, createCompatSearch, type CompatDeps } from './compat.ts';
import { createFindTool, type FindDeps } from './find.ts';
import { createPlanTool, type PlanDeps } from './plan.ts';
import { createResumeTool } from './resume.ts';

export type MetaToolDeps = PlanDeps &
  FindDeps &
  CompatDeps &
  Parameters<typeof createResumeTool>[0] &
  Pick<OwnTools, 'askAccount'>;

/** The gateway's own tools, which find and call those of the accounts. */
export function createMetaTools(deps: MetaToolDeps): OwnTools {
  const { settle } = deps;
  return {
    beside: [
      createFindTool(deps),
      createCallTool(settle),
      createReadTool(settle),
      createPlanTool(deps),
      createResumeTool(deps),
    ],
    askAccount: deps.askAccount,
    compat: [createCompatSearch(deps), createCompatExecute(settle)],
  };
}
