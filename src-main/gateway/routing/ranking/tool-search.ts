import type { Catalog, Offer } from '../catalog.ts';
import type { Row } from '../rows.ts';
import type { View } from '../view.ts';
import type { Account } from './account.ts';
import type { FanOut } from './fan-out.ts';
import { createRanker, type Hit, type Query, type Ranker } from './ranker.ts';

/** A tool that fits, with the rows under which it is called: one for each account, the meant ones first. */
export interface ToolHit extends Omit<Hit, 'accounts'> {
  readonly rows: readonly Row[];
}

/** One tool on several accounts; each row is a step of a plan. */
export interface ToolFanOut extends Omit<FanOut, 'accounts'> {
  readonly rows: readonly Row[];
}

export interface ToolHits {
  readonly hits: readonly ToolHit[];
  /** How many tools match at all, for paging. */
  readonly total: number;
  /** Only with the first page. */
  readonly fanOut: ToolFanOut | null;
}

export interface ToolSearch {
  find(query: Query): ToolHits;
}

export interface ToolSearchDeps {
  readonly catalog: Pick<Catalog, 'offer'>;
  /** What kind of environment a person said a profile is; without it the aliases must tell. */
  readonly environmentOf?: (profile: string) => Account['environment'];
  /** `createCompatRanker` for the order and the scores of the original Nucleus. */
  readonly createRanker?: () => Ranker;
}

/**
 * Finds tools of a view by what somebody wants to do. Make one per view and keep it: it follows the catalog by itself
 * and reads again only accounts whose offer is another one.
 */
export function createToolSearch(deps: ToolSearchDeps, view: Pick<View, 'bindings' | 'rows'>): ToolSearch {
  const ranker = (deps.createRanker ?? createRanker)();
  const offers = new Map<string, Offer>();
  let rows: readonly Row[] | null = null;
  let byAccount = new Map<string, Row>();

  function refresh(): void {
    const now = view.rows('tool');
    if (now === rows) return;
    rows = now;
    byAccount = new Map(now.map((row) => [keyOf(row.route.binding.profile, row.route.name), row]));
    for (const binding of view.bindings) {
      const { profile } = binding;
      const offer = deps.catalog.offer(profile);
      if (offers.get(profile) === offer) continue;
      if (!offer) {
        offers.delete(profile);
        ranker.remove(profile);
        continue;
      }
      offers.set(profile, offer);
      const environment = deps.environmentOf?.(profile);
      ranker.set(environment ? { ...binding, environment } : binding, offer.tool);
    }
  }

  const rowsOf = (tool: string, accounts: readonly Account[]): Row[] =>
    accounts.flatMap(({ profile }) => byAccount.get(keyOf(profile, tool)) ?? []);

  return {
    find(query) {
      refresh();
      const { hits, total, fanOut } = ranker.find(query);
      return {
        hits: hits.map(({ accounts, ...hit }) => ({ ...hit, rows: rowsOf(hit.tool, accounts) })),
        total,
        fanOut: fanOut && withRows(fanOut),
      };
    },
  };

  function withRows({ accounts, ...fanOut }: FanOut): ToolFanOut {
    return { ...fanOut, rows: rowsOf(fanOut.tool, accounts) };
  }
}

function keyOf(profile: string, tool: string): string {
  return `${profile}\n${tool}`;
}
