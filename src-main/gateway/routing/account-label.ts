import { isObject, type Params } from '../wire/frame.ts';
import {
  changeReply,
  insertReply,
  readReply,
  replyOutcome,
  replySize,
  resultHead,
  type RawReply,
  type Reply,
} from '../wire/reply.ts';
import { afterSpace, elementsOf, membersOf, resultAt, type Change } from '../wire/splice.ts';
import type { Binding } from './route.ts';

/** Where a result says which account it came from. */
export const accountKey = 'dev.nucleus/profile';

/** Whose results are read by a model or a person. */
const labelled = new Set(['tools/call', 'tasks/result', 'prompts/get', 'resources/read']);

/**
 * A result with the account it came from: in `_meta`, where an upstream cannot say another, and with `line` as a last
 * line of text too. Every other byte of an upstream's answer stays.
 */
export function labelReply(reply: Reply, method: string, binding: Binding, line: boolean): Reply {
  if (!labelled.has(method) || replyOutcome(reply) === 'error') return reply;
  const label = labelOf(binding);
  const hasLine = line && method === 'tools/call';
  if (reply.kind === 'raw') {
    const head = hasLine || mayHaveMeta(reply.line) ? null : resultHead(reply);
    if (head !== null)
      return insertReply(
        reply,
        head,
        reply.line[afterSpace(reply.line, head)] === close ? label.alone : label.first,
      );
    const changes = changesOf(reply, label, hasLine);
    if (changes) return changeReply(reply, changes);
  }
  const { result = {} } = readReply(reply);
  const { _meta: meta, content } = result;
  const body = {
    result: {
      ...result,
      ...(hasLine && Array.isArray(content) && { content: [...(content as unknown[]), label.block] }),
      _meta: { ...(isObject(meta) && meta), [accountKey]: label.account },
    },
  };
  // Without a size it is an answer of ours.
  const isOurs = reply.kind === 'made' && reply.size === undefined;
  return { kind: 'made', body, ...(!isOurs && { size: replySize(reply) }) };
}

interface Label {
  readonly account: Params;
  /** The same as it is written in `_meta`. */
  readonly member: string;
  /** As the whole `_meta` of a result that has none: before other members, and without any. */
  readonly first: Buffer;
  readonly alone: Buffer;
  readonly block: Params;
}

/** Bindings never change. */
const labels = new WeakMap<Binding, Label>();

function labelOf(binding: Binding): Label {
  const known = labels.get(binding);
  if (known) return known;
  const { profile, connector, alias, metadata } = binding;
  const account = { id: profile, connector, alias, ...(Object.keys(metadata).length > 0 && { metadata }) };
  const facts = Object.values(metadata).join(', ');
  const text = `[account: ${connector}/${alias}${facts && ` (${facts})`}]`;
  const member = `${JSON.stringify(accountKey)}:${JSON.stringify(account)}`;
  const alone = Buffer.from(`"_meta":{${member}}`);
  const first = Buffer.concat([alone, Buffer.from(',')]);
  const label = { account, member, alone, first, block: { type: 'text', text } };
  labels.set(binding, label);
  return label;
}

// They begin with bytes that are rare in JSON: a search stops at each first byte it finds.
const metaMark = Buffer.from('_meta"');
const escapeMark = Buffer.from('u00');
const [open, close, bracket, backslash, five = 0, seven = 0] = Buffer.from('{}[\\57');

/** Where a line has to be changed; null where that cannot be told, or where the upstream wrote what is ours to write. */
function changesOf({ line }: RawReply, { member, block }: Label, hasLine: boolean): Change[] | null {
  const at = resultAt(line);
  if (at === null) return null;
  const result = membersOf(line, at);
  const metas = result.filter(({ key }) => key === '_meta');
  const [meta] = metas;
  const isOdd = meta && (line[meta.value] !== open || metas.length > 1);
  if (isOdd || (meta && membersOf(line, meta.value).some(({ key }) => key === accountKey))) return null;
  const own = meta ? inserted(line, meta.value + 1, member) : inserted(line, at + 1, `"_meta":{${member}}`);
  const content = hasLine ? result.filter(({ key }) => key === 'content') : [];
  return [own, ...content.flatMap((array) => lastBlock(line, array.value, block))].sort(
    (a, b) => a.start - b.start,
  );
}

/** Whether some key may be `_meta`, however its letters are written: `"\u005fmeta"` is one. */
function mayHaveMeta(line: Buffer): boolean {
  if (line.includes(metaMark)) return true;
  for (let at = line.indexOf(escapeMark); at >= 0; at = line.indexOf(escapeMark, at + 1)) {
    const digit = line[at + escapeMark.length] ?? 0;
    // `_` and all letters are from 5f to 7a.
    if (line[at - 1] === backslash && digit >= five && digit <= seven) return true;
  }
  return false;
}

/** Members before those that stand at a place. */
function inserted(line: Buffer, at: number, members: string): Change {
  const isEmpty = line[afterSpace(line, at)] === close;
  return { start: at, end: at, text: isEmpty ? members : `${members},` };
}

function lastBlock(line: Buffer, array: number, block: Params): Change[] {
  if (line[array] !== bracket) return [];
  const last = elementsOf(line, array).at(-1);
  const at = last?.end ?? array + 1;
  return [{ start: at, end: at, text: `${last ? ',' : ''}${JSON.stringify(block)}` }];
}
