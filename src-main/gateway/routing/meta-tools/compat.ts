import { NucleusError } from '../../../../src-shared/errors.ts';
import { isObject, type Params } from '../../wire/frame.ts';
import type { Reply } from '../../wire/reply.ts';
import { errorReply } from '../dispatch.ts';
import type { ToolHit } from '../ranking/tool-search.ts';
import type { View } from '../view.ts';
import { forward, toolOf } from './call.ts';
import type { FindDeps } from './find.ts';
import { descriptionOf } from './found.ts';
import type { OwnTool } from './own-tool.ts';
import { cursorAfter, readPage } from './page.ts';

/*
 * The two tools of Nexus, for clients and prompts that know it: `search` finds tools by keywords, `execute` runs one.
 */

const maxHits = 10;
const maxKeywords = 100;

const searchInput = {
  type: 'object',
  properties: {
    keywords: {
      type: 'array',
      items: { type: 'string' },
      maxItems: maxKeywords,
      description: 'Words to look for in names, descriptions and parameters of tools',
    },
    limit: { type: 'integer', minimum: 1, maximum: maxHits, default: maxHits },
    cursor: { type: 'string', description: 'next_cursor of the page before' },
  },
  required: ['keywords'],
} as const;

const searchOutput = {
  type: 'object',
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          description: { type: 'string' },
          input_schema: { type: 'object' },
          score: { type: 'number' },
        },
        required: ['name', 'description', 'input_schema', 'score'],
      },
    },
    next_cursor: { type: 'string' },
  },
  required: ['results'],
} as const;

const executeInput = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Exact name of a tool that search found' },
    arguments: { type: 'object', description: 'Arguments of that tool, as its input_schema says' },
  },
  required: ['name', 'arguments'],
} as const;

export interface CompatDeps extends Pick<FindDeps, 'search' | 'sticky' | 'settle'> {
  /** Whether results of `search` are data too, or text only. */
  readonly isStructured: boolean;
}

/** `search`: up to ten tools that fit keywords, best first; every account of a tool is named for itself. */
export function createCompatSearch(deps: CompatDeps): OwnTool {
  return {
    name: 'search',
    define: () => ({
      description:
        'Searches the tools of all connected servers by keywords. What it finds is run with execute under its exact name.',
      inputSchema: searchInput,
      ...(deps.isStructured && { outputSchema: searchOutput }),
      annotations: { title: 'Search tools', readOnlyHint: true, openWorldHint: false },
    }),
    async run(args, call, view, _dispatch) {
      const asked = readSearch(args);
      if (asked instanceof NucleusError) return errorReply(asked);
      const { keywords, limit, offset } = asked;
      if (view().missing().length > 0) await deps.settle(view());
      const sticky = deps.sticky.of(call.peer?.client);
      const { hits, total } =
        keywords.length === 0
          ? { hits: [], total: 0 }
          : deps.search.find({ intent: keywords.join(' '), limit, offset, sticky }, view());
      const cursor = cursorAfter(offset, hits.length, total);
      return found(hits.flatMap(entryOf), cursor, deps.isStructured);
    },
  };
}

interface Entry {
  readonly name: string;
  readonly description: string;
  readonly input_schema: unknown;
  readonly score: number;
  /** The same tool on other accounts. */
  readonly also_on?: readonly string[];
}

function entryOf({ definition, score, rows }: ToolHit): Entry[] {
  const [first, ...others] = rows;
  if (!first) return [];
  return [
    {
      name: first.key,
      description: descriptionOf(first) || 'No description available',
      input_schema: definition['inputSchema'] ?? { type: 'object' },
      score,
      ...(others.length > 0 && { also_on: others.map(({ key }) => key) }),
    },
  ];
}

function found(results: readonly Entry[], cursor: string | undefined, isStructured: boolean): Reply {
  const next = cursor === undefined ? {} : { next_cursor: cursor };
  const texts = [...results, ...(cursor === undefined ? [] : [next])].map((entry) => JSON.stringify(entry));
  const content = texts.map((text) => ({ type: 'text', text }));
  const data = isStructured && { structuredContent: { results, ...next } };
  return { kind: 'made', body: { result: { content, ...data } } };
}

function readSearch(
  args: Params,
): { readonly keywords: string[]; readonly limit: number; readonly offset: number } | NucleusError {
  const { keywords } = args;
  const isList = Array.isArray(keywords) && keywords.every((word) => typeof word === 'string');
  if (!isList || keywords.length > maxKeywords)
    return new NucleusError(
      'ARGUMENTS_INVALID',
      `keywords is required and must be a list of up to ${maxKeywords} words`,
    );
  const page = readPage(args, { most: maxHits, otherwise: maxHits, question: 'keywords' });
  if (page instanceof NucleusError) return page;
  return { keywords: keywords.filter((word) => word.trim() !== ''), ...page };
}

/** `execute`: one tool by its exact name, its result as it came. */
export function createCompatExecute(settle: (view: View) => Promise<void>): OwnTool {
  return {
    name: 'execute',
    define: () => ({
      description: 'Runs a tool under the exact name that search gave. The result is that tool’s own.',
      inputSchema: executeInput,
      annotations: { title: 'Execute tool', readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    }),
    async run(args, call, view, dispatch) {
      if (typeof args['name'] !== 'string' || !isObject(args['arguments']))
        throw new NucleusError('ARGUMENTS_INVALID', 'execute takes name, a string, and arguments, an object');
      const route = await toolOf(args, view, settle);
      // As Nexus has it: a JSON-RPC error, -32601.
      if (route instanceof NucleusError)
        throw new NucleusError(
          'METHOD_UNKNOWN',
          `Tool '${args['name'].slice(0, 120)}' not found; search names those there are`,
        );
      return forward(route, args, call, dispatch);
    },
  };
}
