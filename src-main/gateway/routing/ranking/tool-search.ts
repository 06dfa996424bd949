import type { Catalog, Offer } from '../catalog.ts';
import type { Row } from '../rows.ts';
import type { Binding } from '../route.ts';
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

/** What is searched: the tools of a view. */
export type SearchedView = Pick<View, 'bindings' | 'rows'>;

export interface ToolSearch {
  find(query: Query, view: SearchedView): ToolHits;
}

export interface ToolSearchDeps {
  readonly catalog: Pick<Catalog, 'offer'>;
  /** What kind of environment a person said a profile is; without it the aliases must tell. */
  readonly environmentOf?: (profile: string) => Account['environment'];
  /** `createCompatRanker` for the order and the scores of the original Nucleus. */
  readonly createRanker?: () => Ranker;
}

/** Views whose index is kept: those that were searched last. */
const maxIndexes = 8;
/** A view that differs from one searched before by so few accounts takes over its index. */
const maxNews = 2;

/**
 * Finds tools of views by what somebody wants to do. It follows profiles and catalog by itself: an index is made when a
 * view is first searched, and after that only accounts that are new, or offer something else, are read.
 */
export function createToolSearch(deps: ToolSearchDeps): ToolSearch {
  // The one used last at the end.
  let indexes: ViewIndex[] = [];

  function indexOf(view: SearchedView): ViewIndex {
    const keys = new Set(view.bindings.map(keyOf));
    const distances = indexes.map((index) => difference(index.holds(), keys));
    const nearest = Math.min(...distances);
    const index =
      (nearest <= maxNews ? indexes[distances.indexOf(nearest)] : undefined) ?? createViewIndex(deps);
    indexes = [...indexes.filter((other) => other !== index), index].slice(-maxIndexes);
    return index;
  }

  return { find: (query, view) => indexOf(view).find(query, view) };
}

interface ViewIndex extends ToolSearch {
  /** The accounts that are in it, by their keys. */
  holds(): ReadonlySet<string>;
}

function createViewIndex(deps: ToolSearchDeps): ViewIndex {
  const ranker = (deps.createRanker ?? createRanker)();
  /** What was read of each account, and as what. */
  const read = new Map<string, { readonly offer: Offer; readonly account: string }>();
  let rows: readonly Row[] | null = null;
  let byTool = new Map<string, Row>();

  function refresh(view: SearchedView): void {
    const now = view.rows('tool');
    if (now === rows) return;
    rows = now;
    byTool = new Map(now.map((row) => [toolKey(keyOf(row.route.binding), row.route.name), row]));
    const current = new Map(view.bindings.map((binding) => [keyOf(binding), binding]));
    for (const key of read.keys()) {
      const binding = current.get(key);
      if (binding && deps.catalog.offer(binding.profile)) continue;
      read.delete(key);
      ranker.remove(key);
    }
    for (const [key, binding] of current) {
      const offer = deps.catalog.offer(binding.profile);
      if (!offer) continue;
      const environment = deps.environmentOf?.(binding.profile);
      // One profile under two names is two accounts to who searches.
      const account: Account = { ...binding, profile: key, ...(environment && { environment }) };
      const known = read.get(key);
      const text = JSON.stringify(account);
      if (known?.offer === offer && known.account === text) continue;
      read.set(key, { offer, account: text });
      ranker.set(account, offer.tool);
    }
  }

  const rowsOf = (tool: string, accounts: readonly Account[]): Row[] =>
    accounts.flatMap(({ profile: key }) => byTool.get(toolKey(key, tool)) ?? []);

  return {
    holds: () => new Set(read.keys()),
    find({ sticky, ...query }, view) {
      refresh(view);
      const last = [...(sticky ?? [])].flatMap(([connector, profile]) => {
        const binding = view.bindings.find((one) => one.profile === profile);
        return binding ? [[connector, keyOf(binding)] as const] : [];
      });
      const { hits, total, fanOut } = ranker.find({ ...query, sticky: new Map(last) });
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

function keyOf({ profile, alias }: Binding): string {
  return `${profile}\n${alias}`;
}

function toolKey(account: string, tool: string): string {
  return `${account}\n${tool}`;
}

/** How many of two sets only one of them has. */
function difference(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const common = [...one].filter((key) => other.has(key)).length;
  return one.size + other.size - 2 * common;
}
