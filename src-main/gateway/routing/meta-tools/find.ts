import { NucleusError } from '../../../../src-shared/errors.ts';
import type { FanOutSuggestion, FoundTools } from '../../../../src-shared/found-tools.ts';
import type { Params } from '../../wire/frame.ts';
import { errorReply, type Call } from '../dispatch.ts';
import type { Foreseen } from '../plan-preview.ts';
import type { Query } from '../ranking/ranker.ts';
import type { ToolFanOut, ToolSearch } from '../ranking/tool-search.ts';
import type { Sticky } from '../sticky.ts';
import type { View } from '../view.ts';
import { foundTool } from './found.ts';
import { ownResult, type OwnTool } from './own-tool.ts';
import { cursorAfter, readPage } from './page.ts';
import { summaryOf } from './summary.ts';

const limits = { default: 8, most: 50 } as const;
/** Hits whose schema is told without being asked for. */
const withSchema = 2;

const inputSchema = {
  type: 'object',
  properties: {
    intent: { type: 'string', description: 'What you want to do, and on which account, in plain words' },
    connector: { type: 'string', description: 'Only tools of this connector' },
    limit: { type: 'integer', minimum: 1, maximum: limits.most, default: limits.default },
    cursor: { type: 'string', description: 'next_cursor of the page before' },
    schemas: { type: 'boolean', description: `Schemas of all hits; else of the first ${withSchema}` },
  },
  required: ['intent'],
} as const;

/** No more than programs need: each word of it is in every list of tools. */
const outputSchema = {
  type: 'object',
  properties: {
    query: { type: 'string' },
    returned: { type: 'integer' },
    total_in_catalog: { type: 'integer' },
    tools: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          description: { type: 'string' },
          input_schema: { type: 'object' },
          score: { type: 'number' },
          connector: { type: 'string' },
          alias: { type: 'string' },
          also_on: { type: 'array' },
          more_accounts: { type: 'integer' },
          because: { type: 'array' },
        },
        required: ['name', 'description', 'score', 'connector', 'alias', 'because'],
      },
    },
    next_cursor: { type: 'string' },
    fanout_suggestion: { type: 'object', description: 'Give its plan to nucleus_call_plan' },
  },
  required: ['query', 'returned', 'total_in_catalog', 'tools'],
} as const;

export interface FindDeps {
  readonly search: ToolSearch;
  readonly sticky: Pick<Sticky, 'of'>;
  settle(view: View): Promise<void>;
  /** What would become of a call, asking nobody and touching nothing. */
  foresee(call: Call): Promise<Pick<Foreseen, 'decision' | 'reason'>>;
}

/** `nucleus_find_tool`: the tools of all accounts that fit an intent, and the account that is meant. */
export function createFindTool(deps: FindDeps): OwnTool {
  return {
    name: 'nucleus_find_tool',
    define: (view) => ({
      description: `Finds the tools for a task on any account, listed or not. Name the account if it matters. ${summaryOf(view)}`,
      inputSchema,
      outputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    }),
    async run(args, call, view, _dispatch) {
      const query = queryOf(args);
      if (query instanceof NucleusError) return errorReply(query);
      const { schemas = false } = args;
      if (typeof schemas !== 'boolean') return errorReply(wrong('schemas must be true or false'));
      if (view().missing().length > 0) await deps.settle(view());
      const problem = connectorProblem(query, view());
      if (problem) return errorReply(problem);
      const found = await find(deps, query, view(), call, schemas);
      return ownResult(JSON.stringify(found), { ...found });
    },
  };
}

async function find(deps: FindDeps, query: Query, view: View, call: Call, all: boolean): Promise<FoundTools> {
  const sticky = deps.sticky.of(call.peer?.client);
  const { hits, total, fanOut } = deps.search.find({ ...query, sticky }, view);
  const { offset = 0 } = query;
  const tools = hits.flatMap((hit, at) =>
    foundTool(hit, all ? 'all' : offset + at < withSchema ? 'short' : 'none'),
  );
  const suggestion =
    fanOut && (await suggest(fanOut, (one) => deps.foresee({ ...call, ...one, via: 'nucleus_call_plan' })));
  const next = cursorAfter(offset, hits.length, total);
  return {
    query: query.intent,
    returned: tools.length,
    total_in_catalog: view.rows('tool').length,
    tools,
    ...(next !== undefined && { next_cursor: next }),
    ...(suggestion && { fanout_suggestion: suggestion }),
  };
}

/** A suggestion leaves out what policy refuses, and says where a person will be asked. */
async function suggest(
  { rationale, tool, connector, caution, rows }: ToolFanOut,
  foresee: (call: Pick<Call, 'route' | 'params'>) => ReturnType<FindDeps['foresee']>,
): Promise<FanOutSuggestion | null> {
  const judged = await Promise.all(
    rows.map(async ({ key, route }) => ({
      key,
      ...(await foresee({ route, params: { name: key, arguments: {} } })),
    })),
  );
  const steps = judged
    .filter(({ decision }) => decision !== 'deny')
    .map(({ key }) => key)
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (steps.length < 2) return null;
  const isAsked = judged.some(({ decision }) => decision === 'confirm' || decision === 'approve');
  const warnings = [caution, isAsked ? 'the user is asked before it runs' : null].filter(
    (one) => one !== null,
  );
  return {
    rationale,
    tool,
    connector,
    steps,
    ...(warnings.length > 0 && { caution: warnings.join('; ') }),
    plan: { steps: steps.map((name) => ({ name })), shared_arguments: {}, compare: true },
  };
}

function queryOf(args: Params): Query | NucleusError {
  const { intent, connector } = args;
  if (typeof intent !== 'string' || intent.trim() === '')
    return wrong('intent is required and must be non-empty');
  if (connector !== undefined && typeof connector !== 'string')
    return wrong('connector must be the name of a connector');
  const page = readPage(args, { most: limits.most, otherwise: limits.default, question: 'intent' });
  if (page instanceof NucleusError) return page;
  const only = connector?.trim();
  return { intent, ...page, ...(only && { connector: only }) };
}

/** A connector that is not there finds nothing, which would read as if it had no such tool. */
function connectorProblem({ connector }: Query, view: View): NucleusError | null {
  const wanted = connector?.toLowerCase();
  if (wanted === undefined || view.bindings.some((one) => one.connector.toLowerCase() === wanted))
    return null;
  return wrong(`connector must be one that is loaded. ${summaryOf(view)}`);
}

function wrong(sentence: string): NucleusError {
  return new NucleusError('ARGUMENTS_INVALID', sentence);
}
