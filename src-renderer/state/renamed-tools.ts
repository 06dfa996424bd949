import type { ExposedTool } from '../../src-shared/contract.ts';
import { maxExposedLength } from '../../src-shared/tool-name.ts';

export interface RenamedTool {
  readonly from: string;
  /** null when it grows too long: the gateway then shortens it in the middle. */
  readonly to: string | null;
}

/** What the tools of a profile will be called once it has another name. */
export function renamedTools(
  tools: readonly ExposedTool[],
  profile: { readonly id: string; readonly connector: string },
  name: string,
): readonly RenamedTool[] {
  return tools
    .filter((tool) => tool.profile === profile.id)
    .map((tool) => {
      const to = `${toolPrefix(profile.connector, name)}${tool.tool}`.replace(/[^A-Za-z0-9_-]/gu, '_');
      return { from: tool.name, to: to.length > maxExposedLength ? null : to };
    });
}

/** What the exposed names of a profile's tools begin with. */
export function toolPrefix(connector: string, name: string): string {
  return `${connector}_${name}_`;
}
