import type { AlwaysOn, FixedMode, Mode } from '../../../src-shared/modes.ts';
import type { Binding } from './route.ts';
import { estimateTokens } from './tokens.ts';
import type { Row } from './view.ts';

export interface SurfaceOptions {
  readonly mode: Mode;
  /** Tokens the list of tools may cost in mode `auto`. */
  readonly budget: number;
  /** Accounts that are advertised in mode `hybrid` beside the canonical one of their connector. */
  readonly alwaysOn: readonly AlwaysOn[];
}

/** All tools a list could be made of. */
export interface Tools {
  readonly bindings: readonly Binding[];
  /** Every tool of every account. */
  readonly direct: readonly Row[];
  /** One row for all accounts of a connector, and the rows that cannot be joined. */
  merged(): readonly Row[];
  /** Our own, in every mode but `compat`. */
  readonly own: readonly Row[];
  /** The two of Nexus. */
  readonly compat: readonly Row[];
}

/** Of two that fit the budget the one that shows more. */
const choices = ['expose-all', 'merged', 'hybrid', 'search'] as const satisfies readonly FixedMode[];

/** The mode a list is made in: the one asked for, or the first that fits the budget. */
export function chooseMode(tools: Tools, options: SurfaceOptions): FixedMode {
  const { mode, budget, alwaysOn } = options;
  if (mode !== 'auto') return mode;
  return choices.find((choice) => fits(advertised(tools, choice, alwaysOn), budget)) ?? 'search';
}

/** The tools that are listed in a mode. What is not listed can be called all the same. */
export function advertised(tools: Tools, mode: FixedMode, alwaysOn: readonly AlwaysOn[]): readonly Row[] {
  const { own, direct, bindings } = tools;
  if (mode === 'compat') return tools.compat;
  if (mode === 'search') return own;
  if (mode === 'merged') return [...tools.merged(), ...own];
  if (mode === 'expose-all') return [...direct, ...own];
  const shown = new Set(shownInHybrid(bindings, alwaysOn));
  return [...direct.filter(({ route }) => shown.has(route.binding)), ...own];
}

/** The first account of each connector, which is its default one, and those that are pinned. */
function shownInHybrid(bindings: readonly Binding[], alwaysOn: readonly AlwaysOn[]): Binding[] {
  const seen = new Set<string>();
  return bindings.filter((binding) => {
    const isFirst = !seen.has(binding.connector);
    seen.add(binding.connector);
    return isFirst || alwaysOn.some((pin) => isPinned(binding, pin));
  });
}

function isPinned({ connector, alias }: Binding, pin: AlwaysOn): boolean {
  return connector.toLowerCase() === pin.connector && alias.toLowerCase() === pin.alias;
}

/** Pins that name no account of the view. */
export function stalePins(bindings: readonly Binding[], alwaysOn: readonly AlwaysOn[]): readonly AlwaysOn[] {
  return alwaysOn.filter((pin) => !bindings.some((binding) => isPinned(binding, pin)));
}

/** Rows never change, so each is counted once. */
const counted = new WeakMap<Row, number>();

/** About what a list of these costs a model, as it is sent. */
export function tokensOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + tokensOfRow(row), listTokens);
}

/** About what one row costs a model. */
export function tokensOfRow(row: Row): number {
  const known = counted.get(row);
  if (known !== undefined) return known;
  const tokens = estimateTokens(row.json);
  counted.set(row, tokens);
  return tokens;
}

/** `{"tools":[]}` */
const listTokens = 4;
/** No text of a tool list has more characters to a token than this. */
const maxCharactersPerToken = 8;

/** Whether a list stays within a budget; one that is far above is not counted. */
function fits(rows: readonly Row[], budget: number): boolean {
  const characters = rows.reduce((sum, { json }) => sum + json.length, 0);
  return characters <= budget * maxCharactersPerToken && tokensOf(rows) <= budget;
}
