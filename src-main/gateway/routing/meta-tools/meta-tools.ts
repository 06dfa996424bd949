import type { OwnTools } from '../surface-view.ts';
import type { View } from '../view.ts';
import { createCallTool, createReadTool } from './call.ts';

/** The gateway's own tools, which find and call those of the accounts. */
export function createMetaTools(deps: {
  /** Waits a while until the profiles of the view that were never listed are. */
  settle(view: View): Promise<void>;
}): OwnTools {
  const { settle } = deps;
  return {
    beside: [createCallTool(settle), createReadTool(settle)],
    compat: [],
  };
}
