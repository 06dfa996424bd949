import type { Account } from '../../../../src-main/gateway/routing/ranking/account.ts';
import type { Ranker } from '../../../../src-main/gateway/routing/ranking/ranker.ts';
import type { Params } from '../../../../src-main/gateway/wire/frame.ts';

export function account(connector: string, alias: string, more: Partial<Account> = {}): Account {
  return { profile: `${connector}:${alias}`, connector, alias, metadata: {}, ...more };
}

/** A tool whose parameters are strings, each with what is said about it. */
export function tool(name: string, description: string, parameters: Record<string, string> = {}): Params {
  const properties = Object.fromEntries(
    Object.entries(parameters).map(([key, about]) => [key, { type: 'string', description: about }]),
  );
  return { name, description, inputSchema: { type: 'object', properties } };
}

export const reads = { annotations: { readOnlyHint: true } };
export const destroys = { annotations: { readOnlyHint: false, destructiveHint: true } };

/** What an intent finds, best first. */
export function names(ranker: Ranker, intent: string, limit = 8): string[] {
  return ranker.find({ intent, limit }).hits.map((hit) => hit.tool);
}

/** The tool found first with the aliases that are meant, and those a fan-out is proposed to. */
export function meant(ranker: Ranker, intent: string, sticky?: ReadonlyMap<string, string>) {
  const { hits, fanOut } = ranker.find({ intent, limit: 8, sticky });
  const [first] = hits;
  const aliases = first?.accounts.slice(0, first.meant).map(({ alias }) => alias) ?? [];
  return { tool: first?.tool, aliases, fanOut: fanOut?.accounts.map(({ alias }) => alias) ?? null };
}
