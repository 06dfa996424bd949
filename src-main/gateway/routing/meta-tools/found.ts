import type { FoundTool } from '../../../../src-shared/found-tools.ts';
import { isObject, type Params } from '../../wire/frame.ts';
import type { ToolHit } from '../ranking/tool-search.ts';
import type { Row } from '../rows.ts';

/** Other accounts of a hit that are named with it; the rest is found by naming the account. */
const maxAlso = 4;
const maxDescription = 200;
/** Of hits without a schema only so much is told, and one reason: most are passed over. */
const maxBrief = 120;
/** A schema that is longer is told only to who asks for schemas. */
const maxSchema = 1_500;

/** How much of a schema is told: none, one that is not long, or all of it. */
export type SchemaShare = 'none' | 'short' | 'all';

export function foundTool({ definition, score, because, rows }: ToolHit, share: SchemaShare): FoundTool[] {
  const [first, ...others] = rows;
  if (!first) return [];
  const also = others.slice(0, maxAlso).map(({ key }) => key);
  const { connector, alias } = first.route.binding;
  const isBrief = share === 'none';
  return [
    {
      name: first.key,
      description: clip(descriptionOf(first), isBrief ? maxBrief : maxDescription),
      ...schemaOf(definition, share),
      score,
      connector,
      alias,
      ...(also.length > 0 && { also_on: also }),
      ...(others.length > maxAlso && { more_accounts: others.length - maxAlso }),
      because: [...(isBrief ? because.slice(0, 1) : because)],
    },
  ];
}

function schemaOf({ inputSchema }: Params, share: SchemaShare): { readonly input_schema?: unknown } {
  if (share === 'none' || !isObject(inputSchema)) return {};
  if (share === 'all') return { input_schema: inputSchema };
  // Which dialect it is written in is of no use to a model.
  const { $schema: _, ...schema } = inputSchema;
  return JSON.stringify(schema).length > maxSchema ? {} : { input_schema: schema };
}

/** As clients see it in a list: it begins with the account. */
export function descriptionOf({ json }: Row): string {
  const { description } = JSON.parse(json) as { readonly description?: unknown };
  return typeof description === 'string' ? description : '';
}

function clip(text: string, max: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > max ? `${line.slice(0, max - 1).toWellFormed()}…` : line;
}
