import { NucleusError } from '../../../../src-shared/errors.ts';
import { isObject, type Params } from '../../wire/frame.ts';
import type { Reply } from '../../wire/reply.ts';
import { errorReply, type Call, type Dispatch } from '../dispatch.ts';
import type { Route } from '../route.ts';
import type { View } from '../view.ts';
import { noAccount, type OwnTool } from './own-tool.ts';
import { summaryOf } from './summary.ts';

const inputSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Full tool name, as nucleus_find_tool gives it' },
    arguments: { type: 'object', description: 'Arguments of that tool' },
  },
  required: ['name', 'arguments'],
} as const;

/** `nucleus_call`: any tool of any account by name, its result as it came. */
export function createCallTool(settle: (view: View) => Promise<void>): OwnTool {
  return {
    name: 'nucleus_call',
    define: () => ({
      description: 'Calls one tool by name. The result is that tool’s own.',
      inputSchema,
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    }),
    async run(args, call, view, dispatch) {
      const found = await toolOf(args, view, settle);
      return found instanceof NucleusError ? errorReply(found) : forward(found, args, call, dispatch);
    },
  };
}

/** `nucleus_read`: the same for tools that say they only read, so that a client may let it pass without asking. */
export function createReadTool(settle: (view: View) => Promise<void>): OwnTool {
  return {
    name: 'nucleus_read',
    define: () => ({
      description: 'Like nucleus_call, for tools whose annotations say readOnlyHint; refuses all others.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: true },
    }),
    async run(args, call, view, dispatch) {
      const found = await toolOf(args, view, settle);
      if (found instanceof NucleusError) return errorReply(found);
      if (found.isReadOnly === true) return forward(found, args, call, dispatch);
      const sentence = `${String(args['name'])} does not say that it only reads; use nucleus_call for it`;
      return errorReply(new NucleusError('ARGUMENTS_INVALID', sentence));
    },
  };
}

/** The call a client meant, in place of the one it made. */
export function forward(route: Route, args: Params, call: Call, dispatch: Dispatch): Promise<Reply> {
  const params = { ...call.params, name: args['name'], arguments: argumentsOf(args) };
  return dispatch({ ...call, route, params, via: 'nucleus_call' });
}

/** Without arguments a tool is called with none, as in the original. */
function argumentsOf({ arguments: given }: Params): Params {
  return isObject(given) ? given : {};
}

/** The tool a meta-tool is to call, or what is wrong with its name or its arguments. */
export async function toolOf(
  args: Params,
  view: () => View,
  settle: (view: View) => Promise<void>,
): Promise<Route | NucleusError> {
  const { name } = args;
  if (typeof name !== 'string' || name.trim() === '')
    return new NucleusError('ARGUMENTS_INVALID', 'name is required and must be the name of a tool');
  const { arguments: given } = args;
  // The original calls the tool without any then, which may do more than was asked for.
  if (given !== undefined && given !== null && !isObject(given))
    return new NucleusError('ARGUMENTS_INVALID', 'arguments must be an object');
  const known = view().find('tool', name);
  if (!known && view().missing().length > 0) await settle(view());
  const route = known ?? view().find('tool', name);
  return route && route.binding !== noAccount ? route : unknownTool(name, view());
}

/** The original's sentence, with the nearest names. */
function unknownTool(name: string, view: View): NucleusError {
  const short = name.slice(0, maxShown);
  if (view.find('tool', name))
    return new NucleusError('TOOL_UNKNOWN', `"${short}" is a tool of Nucleus itself; call it directly`);
  return new NucleusError('TOOL_UNKNOWN', `unknown tool "${short}". ${helpFor(name, view)}`);
}

/** What to do about a name that leads nowhere. */
export function helpFor(name: string, view: View): string {
  const similar = view.similar('tool', name);
  const nearest = similar.length > 0 ? ` Did you mean ${similar.join(', ')}?` : '';
  return `Call nucleus_find_tool first to discover valid names.${nearest} ${summaryOf(view)}`;
}

const maxShown = 120;
