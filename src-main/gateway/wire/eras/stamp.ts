import { isObject, type Params } from '../frame.ts';
import { metaKeys } from '../modern.ts';
import { changeReply, readReply, replyOutcome, replySize, type RawReply, type Reply } from '../reply.ts';

/** What every result of the modern era says (MCP 2026-07-28, basic), as it is written before the members of another. */
const completeMember = '"resultType":"complete"';
/** A result that says how long it may be kept: not at all, as it may change any moment. */
export const uncachedMembers = `${completeMember},"ttlMs":0,"cacheScope":"private"`;

const cached = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** The answer of an upstream of the legacy era as one of the modern era: nothing else of it is touched. */
export function stampReply(reply: Reply, method: string): Reply {
  if (replyOutcome(reply) === 'error') return reply;
  const isCached = cached.has(method);
  if (reply.kind === 'raw') {
    const spliced = splice(reply, isCached ? uncachedMembers : completeMember);
    if (spliced) return spliced;
  }
  const { result } = readReply(reply);
  if (!isObject(result)) return reply;
  const extra = isCached ? { ttlMs: 0, cacheScope: 'private' } : {};
  return {
    kind: 'made',
    body: { result: { ...result, resultType: 'complete', ...extra } },
    size: replySize(reply),
  };
}

const afterId = /^, ?"result": ?\{ ?/;
const atStart = /^\{(?:"jsonrpc": ?"2\.0", ?)?"result": ?\{ ?/;
const window = 64;

/** Writes members at the head of a result; null where it is not known where that is, or where one stands there already. */
function splice(reply: RawReply, members: string): Reply | null {
  const { line, span } = reply;
  if (['"resultType"', '"ttlMs"', '"cacheScope"'].some((key) => line.includes(key))) return null;
  const isIdFirst = span.end < line.length - 1;
  const from = isIdFirst ? span.end : 0;
  const found = (isIdFirst ? afterId : atStart).exec(line.toString('latin1', from, from + window));
  if (!found) return null;
  const at = from + found[0].length;
  const isEmpty = line[at] === 0x7d;
  return changeReply(reply, [{ start: at, end: at, text: isEmpty ? members : `${members},` }]);
}

const reserved: readonly string[] = [
  metaKeys.protocolVersion,
  metaKeys.clientInfo,
  metaKeys.clientCapabilities,
  metaKeys.logLevel,
];

/**
 * The params of a request of the modern era as the legacy one has them: without what is said of the client and to us,
 * and without what only that one would take for a wish.
 */
export function legacyParams(params: Params): Params {
  const { inputResponses: _responses, requestState: _state, task: _task, _meta: meta, ...rest } = params;
  if (!isObject(meta)) return rest;
  const kept = Object.entries(meta).filter(([key]) => !reserved.includes(key));
  return kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) };
}
