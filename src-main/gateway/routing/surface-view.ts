import type { FixedMode } from '../../../src-shared/modes.ts';
import type { Params } from '../wire/frame.ts';
import type { AskAccount } from './ask-account.ts';
import { eraOf } from './catalog.ts';
import { mergedRoute, mergeTools } from './merged.ts';
import { noAccount, type OwnTool } from './meta-tools/own-tool.ts';
import { createPages, type Pages } from './pages.ts';
import type { Route } from './route.ts';
import { toolRow, withUi, type Row } from './rows.ts';
import { advertised, chooseMode, stalePins, tokensOf, type SurfaceOptions, type Tools } from './surface.ts';
import { listPage, type View, type ViewDeps } from './view.ts';

/** Our own tools, by whether they are listed beside those of the accounts or in their place. */
export interface OwnTools {
  readonly beside: readonly OwnTool[];
  readonly compat: readonly OwnTool[];
  /** Which account a joined tool is called for that names none. */
  readonly askAccount: AskAccount;
}

/** What of a view is advertised. */
export interface Surface {
  readonly mode: FixedMode;
  readonly tools: readonly Row[];
  /** What a mode would cost a model, in tokens. */
  cost(mode: FixedMode): { readonly tools: number; readonly tokens: number };
  /** Sentences about what of the options cannot be done. */
  readonly warnings: readonly string[];
}

/**
 * A view that lists no more than its mode says. Everything can be called all the same: a client that still has the
 * list of another mode loses nothing.
 */
export function withSurface(view: View, deps: ViewDeps, options: SurfaceOptions, ownTools: OwnTools): View {
  let known: { direct: readonly Row[]; own: string; shown: Shown } | null = null;

  function shown(): Shown {
    const direct = view.rows('tool');
    const own = ownTools.beside.map(isListed).join();
    if (known?.direct !== direct || known.own !== own) known = { direct, own, shown: build(direct) };
    return known.shown;
  }

  function build(direct: readonly Row[]): Shown {
    const ownRow = (tool: OwnTool): Row => rowOfOwn(tool, self);
    const own = ownTools.beside.filter(isListed).map(ownRow);
    const unlisted = ownTools.beside.filter((tool) => !isListed(tool)).map(ownRow);
    const compat = ownTools.compat.map(ownRow);
    let merged: Merged | null = null;
    const mergedOnce = (): Merged => (merged ??= mergedRows(view, direct, deps, ownTools.askAccount));
    const tools: Tools = {
      bindings: view.bindings,
      direct,
      own,
      compat,
      merged: () => mergedOnce().rows,
    };
    const mode = chooseMode(tools, options);
    const listed = advertised(tools, mode, options.alwaysOn);
    const owned = new Map([...own, ...unlisted, ...compat].map((row) => [row.key, row.route]));
    return {
      find: (name) => owned.get(name) ?? mergedOnce().routes.get(name) ?? null,
      pages: createPages(listed, deps.cursors, `tool ${deps.id}`),
      surface: {
        mode,
        tools: listed,
        warnings: stalePins(view.bindings, options.alwaysOn).map(
          ({ connector, alias }) => `--always-on ${connector}:${alias} names no profile that is shown here`,
        ),
        cost(one) {
          const rows = advertised(tools, one, options.alwaysOn);
          return { tools: rows.length, tokens: tokensOf(rows) };
        },
      },
    };
  }

  const self: View = {
    ...view,
    find: (kind, name) => view.find(kind, name) ?? (kind === 'tool' ? shown().find(name) : null),
    page: (kind, cursor, era) =>
      kind === 'tool' ? listPage(kind, shown().pages, cursor, era) : view.page(kind, cursor, era),
    surface: () => shown().surface,
  };
  return self;
}

interface Shown {
  find(name: string): Route | null;
  readonly pages: Pages;
  readonly surface: Surface;
}

function isListed(tool: OwnTool): boolean {
  return tool.isListed?.() ?? true;
}

function rowOfOwn(tool: OwnTool, view: View): Row {
  const definition: Params = { name: tool.name, ...tool.define(view) };
  const route: Route = {
    binding: noAccount,
    name: tool.name,
    own: (call, dispatch) =>
      tool.run((call.params['arguments'] as Params | undefined) ?? {}, call, () => view, dispatch),
  };
  return { key: tool.name, json: JSON.stringify(definition), route };
}

interface Merged {
  readonly rows: readonly Row[];
  readonly routes: ReadonlyMap<string, Route>;
}

/**
 * The rows of mode `merged`: joined ones, and those of tools that only one account has, or has in this form: there is
 * nothing to choose. The joined name of such a tool can be called all the same, as a client may know it from before an
 * account was removed.
 */
function mergedRows(
  view: View,
  direct: readonly Row[],
  { catalog, names }: ViewDeps,
  askAccount: AskAccount,
): Merged {
  const offered = view.bindings.flatMap((binding) => {
    const offer = catalog.offer(binding.profile);
    return offer ? offer.tool.map((definition) => ({ binding, era: eraOf(offer), definition })) : [];
  });
  const tools = mergeTools(offered);
  const rows: Row[] = [];
  const routes = new Map<string, Route>();
  const covered = new Set<string>();
  for (const [connector, group] of Map.groupBy(tools, (tool) => tool.connector)) {
    const exposed = names.exposedNames(
      'tool',
      connector,
      '',
      group.map(({ name }) => name),
    );
    for (const tool of group) {
      const key = exposed.get(tool.name) as string;
      const definition = withUi({ ...tool.definition, name: key }, tool.first);
      const row = toolRow(key, definition, mergedRoute(tool, askAccount), tool.era);
      routes.set(key, row.route);
      if (tool.bindings.size === 1) continue;
      rows.push(row);
      for (const { alias } of tool.bindings.values()) covered.add(`${connector}\n${alias}\n${tool.name}`);
    }
  }
  const single = direct.filter(
    ({ route: { binding, name } }) => !covered.has(`${binding.connector}\n${binding.alias}\n${name}`),
  );
  return { rows: [...rows, ...single], routes };
}
