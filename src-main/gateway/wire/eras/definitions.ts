import { isObject, type Params } from '../frame.ts';
import type { Era } from '../peer.ts';

/**
 * The definition of a tool as clients of another era than its upstream's have to see it; null where they understand it
 * as it is.
 */
export function translateTool(tool: Params, upstream: Era): Params | null {
  const { execution: _, ...rest } = tool;
  // Tasks of 2025-11-25, the only thing it speaks of, are others than those of today: neither side could use them.
  const others = 'execution' in tool ? rest : null;
  const { outputSchema } = tool;
  if (upstream === 'legacy' || !isWrapped(outputSchema)) return others;
  return { ...(others ?? tool), outputSchema: wrapSchema(outputSchema) };
}

/**
 * Whether results under this schema are wrapped for clients of the legacy era, which knows objects only
 * (MCP 2026-07-28, server/tools, "Output Schema").
 */
export function isWrapped(outputSchema: unknown): outputSchema is Params | boolean {
  if (typeof outputSchema === 'boolean') return true;
  return isObject(outputSchema) && outputSchema['type'] !== 'object';
}

/** Where the schema of a wrapped result stands. */
const place = '#/properties/result';

function wrapSchema(schema: Params | boolean): Params {
  if (typeof schema === 'boolean') return envelope(schema);
  const { $schema, ...own } = schema;
  // One with an address of its own is a document of its own wherever it stands.
  const moved = typeof schema['$id'] === 'string' ? own : (moveReferences(own, 0) as Params);
  return { ...($schema !== undefined && { $schema }), ...envelope(moved) };
}

function envelope(result: Params | boolean): Params {
  return { type: 'object', properties: { result }, required: ['result'] };
}

const maxDepth = 200;
/** Their values are data, whatever they look like. */
const data = new Set(['const', 'enum', 'default', 'examples']);
/** Their members are named by the author, not by JSON Schema. */
const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/** A schema whose references into its own document point to where that stands now. */
function moveReferences(node: unknown, depth: number, isMap = false): unknown {
  if (depth > maxDepth) return node;
  if (Array.isArray(node)) return node.map((item) => moveReferences(item, depth + 1));
  if (!isObject(node) || (depth > 0 && typeof node['$id'] === 'string')) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (isMap) return [key, moveReferences(value, depth + 1)];
      if ((key === '$ref' || key === '$dynamicRef') && typeof value === 'string') return [key, moved(value)];
      return [key, data.has(key) ? value : moveReferences(value, depth + 1, maps.has(key))];
    }),
  );
}

/** A name (`#node`) is found wherever it stands; a path is not. */
function moved(reference: string): string {
  if (reference === '#') return place;
  return reference.startsWith('#/') ? `${place}${reference.slice(1)}` : reference;
}
