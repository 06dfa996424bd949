import * as z from 'zod';

/** A tool that fits an intent. The keys are those of the original Nucleus; the optional ones but the schema are ours. */
export const FoundTool = z.object({
  /** What to call it by, on the account that is meant. */
  name: z.string(),
  /** Shortened. */
  description: z.string(),
  input_schema: z.unknown().optional(),
  score: z.number(),
  connector: z.string(),
  alias: z.string(),
  /** The same tool on other accounts, by what to call it. */
  also_on: z.array(z.string()).optional(),
  /** How many there are beside these. */
  more_accounts: z.int().optional(),
  /** Why it was found, such as `matched "sql" in tool name`. */
  because: z.array(z.string()),
});
export type FoundTool = z.infer<typeof FoundTool>;

/** One tool on several accounts. */
export const FanOutSuggestion = z.object({
  rationale: z.string(),
  tool: z.string(),
  connector: z.string(),
  steps: z.array(z.string()),
  caution: z.string().optional(),
  /** Arguments of `nucleus_call_plan`, to be called as they are once `shared_arguments` are filled in. */
  plan: z.record(z.string(), z.unknown()),
});
export type FanOutSuggestion = z.infer<typeof FanOutSuggestion>;

/** What `nucleus_find_tool` answers. */
export const FoundTools = z.object({
  query: z.string(),
  returned: z.int(),
  total_in_catalog: z.int(),
  tools: z.array(FoundTool),
  next_cursor: z.string().optional(),
  fanout_suggestion: FanOutSuggestion.optional(),
});
export type FoundTools = z.infer<typeof FoundTools>;
