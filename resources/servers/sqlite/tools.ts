import { basename } from 'node:path';
import { type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Reply, Settings } from './protocol.ts';
import type { Runner } from './runner.ts';

const version = '1.0.0';

const table = z.object({
  name: z.string(),
  type: z.string().describe('table, view or virtual'),
  columns: z.int().nullable().describe('null for a view that names something that is not there'),
  rows: z.int().nullable().describe('null when counting would take long'),
});
const description = z.object({
  name: z.string(),
  type: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      notNull: z.boolean(),
      default: z.string().nullable(),
      primaryKey: z.int().describe('place in the primary key from 1; 0 when not part of it'),
      generated: z.boolean(),
    }),
  ),
  indexes: z.array(z.object({ name: z.string(), unique: z.boolean(), columns: z.array(z.string()) })),
  foreignKeys: z.array(
    z.object({
      columns: z.array(z.string()),
      table: z.string(),
      references: z.array(z.string()).describe('empty: the primary key of the other table'),
      onDelete: z.string(),
      onUpdate: z.string(),
    }),
  ),
  sql: z.string().nullable(),
});
// Not z.base64(): its JSON Schema format is unknown to the official SDK's validator, which complains on stderr.
const blob = z.strictObject({ $base64: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/) });
const rows = {
  columns: z.array(z.string()),
  rows: z
    .array(z.record(z.string(), z.union([z.string(), z.number(), z.null(), blob])))
    .describe('integers beyond 2^53 are text, BLOBs {"$base64": …}'),
  rowCount: z.int(),
  truncated: z.boolean().describe('true when there are more rows than were answered'),
};
const writes = {
  changes: z.int(),
  lastInsertRowid: z.union([z.int(), z.string()]).nullable(),
};
const value = z.union([z.string(), z.number(), z.boolean(), z.null(), blob]);
const queryInput = z.object({
  sql: z.string().min(1).max(1_000_000).describe('one statement'),
  parameters: z
    .union([z.array(value), z.record(z.string(), value)])
    .optional()
    .describe('values for ? (list) or :name (object); BLOBs as {"$base64": …}'),
  limit: z.int().min(1).max(1_000).default(200).describe('rows answered at most'),
});

/** The MCP server of one database file. */
export function createTools(settings: Settings, runner: Runner): McpServer {
  const { readOnly } = settings;
  const name = basename(settings.file);
  const server = new McpServer(
    { name: 'nucleus-sqlite', title: 'SQLite file', version },
    {
      capabilities: { tools: {} },
      instructions: `SQLite database ${name}, ${readOnly ? 'read-only' : 'read and write'}. Begin with list_tables.`,
    },
  );
  const reading = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };

  server.registerTool(
    'list_tables',
    {
      title: 'List tables',
      description: `Tables and views of ${name} with their number of columns and, where that is quick, of rows.`,
      inputSchema: z.object({}),
      outputSchema: z.object({ tables: z.array(table), truncated: z.boolean() }),
      annotations: reading,
    },
    async (_input, { mcpReq }) => toResult(await runner.ask({ kind: 'list' }, mcpReq.signal)),
  );
  server.registerTool(
    'describe_table',
    {
      title: 'Describe a table',
      description: `Columns, keys, indexes and the CREATE statement of one table or view of ${name}.`,
      inputSchema: z.object({ table: z.string().min(1) }),
      outputSchema: description,
      annotations: reading,
    },
    async (input, { mcpReq }) =>
      toResult(await runner.ask({ kind: 'describe', table: input.table }, mcpReq.signal)),
  );
  server.registerTool(
    'query',
    {
      title: readOnly ? 'Query (read-only)' : 'Query',
      description: readOnly
        ? `Runs one SQL statement that returns rows (SELECT, WITH, VALUES, EXPLAIN) on ${name}; nothing can be changed.`
        : `Runs one SQL statement on ${name}; it may change data. Statements that return no rows answer the number of changes.`,
      inputSchema: queryInput,
      outputSchema: readOnly ? z.object(rows) : z.object({ ...rows, ...writes }).partial(),
      annotations: readOnly
        ? reading
        : { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
    async ({ sql, parameters = [], limit }, { mcpReq }) =>
      toResult(await runner.ask({ kind: 'query', sql, parameters, limit }, mcpReq.signal)),
  );
  return server;
}

function toResult(reply: Reply): CallToolResult {
  if ('error' in reply) return { content: [{ type: 'text', text: reply.error }], isError: true };
  return {
    content: [{ type: 'text', text: reply.text }],
    structuredContent: JSON.parse(reply.text) as Record<string, unknown>,
  };
}
