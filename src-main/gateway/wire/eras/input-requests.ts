import { isObject, type Params } from '../frame.ts';
import type { InputRequest } from '../modern.ts';
import { readReply, replyOutcome, type Reply } from '../reply.ts';

/** A request of a legacy upstream as a question in an answer: without what makes sense between the two of them only. */
export function inputRequestOf(method: string, params: Params | undefined): InputRequest {
  if (!params) return { method };
  const { elicitationId: _elicitation, task: _task, _meta: meta, ...rest } = params;
  if (!isObject(meta)) return { method, params: rest };
  const { progressToken: _token, ...kept } = meta;
  return { method, params: Object.keys(kept).length === 0 ? rest : { ...rest, _meta: kept } };
}

const urlElicitationRequired = -32042;

/**
 * The addresses a legacy upstream sends the user to before it does what was asked (MCP 2025-11-25, client/elicitation,
 * "URL Elicitation Required Error"), as questions; null for any other reply.
 */
export function demandsOf(reply: Reply): Readonly<Record<string, InputRequest>> | null {
  if (replyOutcome(reply) !== 'error') return null;
  const { error } = readReply(reply);
  const data = error?.['code'] === urlElicitationRequired ? error['data'] : undefined;
  const asked = isObject(data) && Array.isArray(data['elicitations']) ? data['elicitations'] : [];
  const demands = asked
    .filter(isObject)
    .map(
      (params, index) => [`elicitation-${index + 1}`, inputRequestOf('elicitation/create', params)] as const,
    );
  return demands.length === 0 ? null : Object.fromEntries(demands);
}
