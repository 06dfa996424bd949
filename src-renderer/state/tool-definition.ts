import { text } from '../text.ts';

/** A tool as its server describes it. All of it is the server's claim. */
export interface ToolDefinition {
  readonly title: string | null;
  readonly description: string;
  /** JSON text, indented. */
  readonly input: string;
  readonly output: string | null;
  /** What the server says the tool does, in our words. */
  readonly claims: readonly string[];
}

/** Reads the JSON text of a definition; what is not as MCP says is left out. */
export function readDefinition(json: string): ToolDefinition {
  const definition = recordOf(JSON.parse(json));
  const annotations = recordOf(definition['annotations']);
  const title = definition['title'] ?? annotations['title'];
  const { description, inputSchema, outputSchema } = definition;
  return {
    title: typeof title === 'string' && title !== '' ? title : null,
    description: typeof description === 'string' ? description : '',
    input: JSON.stringify(inputSchema ?? {}, null, 2),
    output: outputSchema === undefined ? null : JSON.stringify(outputSchema, null, 2),
    claims: hints.flatMap(([hint, yes, no]) => {
      const said = annotations[hint];
      return typeof said === 'boolean' ? [said ? yes : no] : [];
    }),
  };
}

const { claims } = text.tools;
/** Of MCP, with what a yes and a no of it say. */
const hints = [
  ['readOnlyHint', claims.readOnly, claims.writes],
  ['destructiveHint', claims.destructive, claims.notDestructive],
  ['idempotentHint', claims.idempotent, claims.notIdempotent],
  ['openWorldHint', claims.openWorld, claims.closedWorld],
] as const;

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
