import assert from 'node:assert/strict';
import { parseJson, type Params } from '../../src-main/gateway/wire/frame.ts';
import { findResponseId, outcomeOf, type Reply } from '../../src-main/gateway/wire/reply.ts';

/** The answer of an upstream that wrote this line. */
export function rawReply(text: string): Reply {
  const line = Buffer.from(text);
  const span = findResponseId(line);
  assert.ok(span, text);
  return { kind: 'raw', line, span, outcome: outcomeOf(parseJson(line) as Params) };
}
