import { NucleusError } from '../../../src-shared/errors.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Era } from '../wire/peer.ts';
import type { AskAccount } from './ask-account.ts';
import { errorReply } from './dispatch.ts';
import type { Binding, Route } from './route.ts';

/** What the argument that chooses the account is called: the first of these that the tool has no argument by. */
const choices = ['profile', 'account', 'nucleus_profile'] as const;

/** A tool as one account offers it. */
export interface Offered {
  readonly binding: Binding;
  readonly era: Era;
  /** As its upstream listed it. */
  readonly definition: Params;
}

/** One tool of several accounts of a connector. */
export interface MergedTool {
  readonly connector: string;
  /** The upstream's own name of it. */
  readonly name: string;
  readonly era: Era;
  /** As clients see it, but for its name. */
  readonly definition: Params;
  /** The argument that chooses the account, by alias. */
  readonly argument: string;
  readonly bindings: ReadonlyMap<string, Binding>;
  /** Whose definition is shown. */
  readonly first: Binding;
}

/**
 * Joins the tools that accounts of one connector have in common. One whose definition differs from that of the
 * connector's first account is left out: its arguments mean something else.
 */
export function mergeTools(offered: readonly Offered[]): readonly MergedTool[] {
  const groups = Map.groupBy(
    offered,
    ({ binding, definition }) => `${binding.connector}\n${String(definition['name'])}`,
  );
  return [...groups.values()].map((group) => {
    const [first, ...others] = group as [Offered, ...Offered[]];
    const shape = shapeOf(first);
    return merge(first, [first, ...others.filter((other) => shapeOf(other) === shape)]);
  });
}

/** What decides whether two tools are one: all but the words about it. */
function shapeOf({
  era,
  definition: { description: _description, title: _title, ...shape },
}: Offered): string {
  return JSON.stringify([era, shape]);
}

function merge({ binding, era, definition }: Offered, same: readonly Offered[]): MergedTool {
  const schema = isObject(definition['inputSchema']) ? definition['inputSchema'] : {};
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  const argument = choices.find((name) => !Object.hasOwn(properties, name)) ?? 'nucleus_profile';
  const bindings = new Map(same.map((one) => [one.binding.alias, one.binding]));
  const words = definition['description'];
  return {
    connector: binding.connector,
    name: definition['name'] as string,
    era,
    argument,
    bindings,
    first: binding,
    definition: {
      ...definition,
      description: `[${binding.connector}] ${typeof words === 'string' ? words.trim() : ''}`.trimEnd(),
      inputSchema: {
        ...schema,
        type: 'object',
        properties: {
          [argument]: { type: 'string', enum: [...bindings.keys()] },
          ...properties,
        },
        required: [argument, ...required],
      },
    },
  };
}

/** Where a merged tool leads: to the account its arguments name, without that argument. */
export function mergedRoute(tool: MergedTool, askAccount: AskAccount): Route {
  const { connector, name, argument } = tool;
  return {
    binding: { profile: connector, connector, alias: '*', metadata: {} },
    name,
    choose: (args) => choose(tool, args),
    async own(call, dispatch) {
      const { params } = call;
      const given = isObject(params['arguments']) ? params['arguments'] : {};
      const isUnnamed = given[argument] === undefined || given[argument] === null;
      const meant = isUnnamed ? await askAccount(call, tool) : null;
      const chosen = choose(tool, meant ? { ...given, [argument]: meant.alias } : given);
      if (chosen instanceof NucleusError) return errorReply(chosen);
      return dispatch({ ...call, route: chosen.route, params: { ...params, arguments: chosen.arguments } });
    },
  };
}

function choose({ argument, bindings, connector, name }: MergedTool, given: Params) {
  const { [argument]: alias, ...args } = given;
  const binding = typeof alias === 'string' ? bindings.get(alias) : undefined;
  if (binding) return { route: { binding, name }, arguments: args };
  const aliases = [...bindings.keys()].join(', ');
  const sentence = `${argument} must name the account of ${connector} to use: one of ${aliases}`;
  return new NucleusError('ARGUMENTS_INVALID', sentence);
}
