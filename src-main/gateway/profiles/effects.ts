import { isObject, type Params } from '../wire/frame.ts';
import type { ToolRules } from './rule-schema.ts';

/** What a call does, as its connector's manifest says it; null where that says nothing of it. */
export type Effect = 'reads' | 'writes' | 'destroys' | null;

/**
 * Judges a call by the manifest alone: by the operation behind the tool where the tool hides it, then by the tool. What
 * is code can do everything. What is SQL has to be read by whoever decides: null, with `readerOf` saying where it is.
 */
export function effectOf(rules: ToolRules, tool: string, args: Params): Effect {
  for (const name of [operationOf(rules, tool, args), tool]) {
    if (rules.destructive.includes(name)) return 'destroys';
    if (rules.write.includes(name)) return 'writes';
    if (rules.read.includes(name)) return 'reads';
  }
  return ownEntry(rules.readers, tool)?.holds === 'code' ? 'writes' : null;
}

/** The name rules and the record should use: `execute_sentry_tool>update_dsn` for a tool that hides others. */
export function operationOf(rules: ToolRules, tool: string, args: Params): string {
  const pointer = ownEntry(rules.inner, tool);
  const operation = pointer === undefined ? undefined : argumentAt(args, pointer);
  return typeof operation === 'string' && operation !== '' ? `${tool}>${operation}` : tool;
}

/** The argument that decides what the call does, and what it holds. */
export function readerOf(
  rules: ToolRules,
  tool: string,
  args: Params,
): { readonly holds: 'sql' | 'code'; readonly text: string } | null {
  const reader = ownEntry(rules.readers, tool);
  const text = reader && argumentAt(args, reader.at);
  return reader && typeof text === 'string' ? { holds: reader.holds, text } : null;
}

function argumentAt(args: Params, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), args);
}

function ownEntry<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
