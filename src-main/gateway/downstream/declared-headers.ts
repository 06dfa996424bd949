import type { Row, View } from '../routing/view.ts';
import { isObject } from '../wire/frame.ts';
import { paramHeaders, type ParamHeader } from '../wire/mcp-headers.ts';

const none: readonly ParamHeader[] = [];
/** Read once for each list: few tools declare any, and calls are many. */
const read = new WeakMap<readonly Row[], ReadonlyMap<string, readonly ParamHeader[]>>();

/** The arguments of a tool that its caller repeats in headers. */
export function declaredHeaders(view: View, tool: string): readonly ParamHeader[] {
  // Merged tools are among those that are listed, and those of accounts can be called without being listed.
  return inList(view.surface()?.tools ?? [], tool) ?? inList(view.rows('tool'), tool) ?? none;
}

function inList(rows: readonly Row[], tool: string): readonly ParamHeader[] | undefined {
  const known = read.get(rows) ?? declarationsOf(rows);
  read.set(rows, known);
  return known.get(tool);
}

function declarationsOf(rows: readonly Row[]): ReadonlyMap<string, readonly ParamHeader[]> {
  const found = new Map<string, readonly ParamHeader[]>();
  for (const { key, json } of rows) {
    if (!json.includes('"x-mcp-header"')) continue;
    const tool: unknown = JSON.parse(json);
    const declared = isObject(tool) ? paramHeaders(tool['inputSchema']) : null;
    if (declared && declared.length > 0) found.set(key, declared);
  }
  return found;
}
