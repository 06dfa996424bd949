import { NucleusError } from '../../../src-shared/errors.ts';
import { argumentsHash } from '../audit/arguments-hash.ts';
import type { Question, Verdict } from '../policy/approvals.ts';
import type { Decision, Facts } from '../policy/decision.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { metaKeys } from '../wire/modern.ts';
import type { Call } from './dispatch.ts';

type Approve = Extract<Decision, { kind: 'approve' }>;

/** What a person is asked of a call, complete: whatever is sent to the server is shown, and bound to their yes. */
export function questionOf(
  call: Call,
  facts: Facts,
  { via, mayGrant, reason }: Approve,
  version: string,
): Question {
  const { profile, operation, client, principal, effect } = facts;
  const asked = askedBy(call);
  const { arguments: args = {}, ...beside } = asked;
  // Mostly the arguments are all there is; what goes along with them is allowed as well, so it is shown.
  const whole = call.kind !== 'other' && Object.keys(beside).length === 0 ? args : asked;
  return {
    kind: 'call',
    profile,
    env: facts.env,
    tool: call.kind === 'tool' ? operation : `${call.method} ${operation}`,
    client,
    principal,
    effect,
    arguments: readable(whole, profile),
    reason,
    via: [...via],
    mayGrant,
    choices: [],
    facts,
    version,
    // All that a yes is bound to: who, which account, which tool, with what, under which rules.
    key: argumentsHash([version, principal, client, profile, call.method, facts.name, asked]),
  };
}

/** What the model reads when a person did not say yes. */
export function refusal(
  verdict: Verdict,
  { profile, tool }: Question,
  { rule, reason }: Approve,
): NucleusError {
  const call = `${tool} on ${profile}`;
  if (verdict.kind === 'parked')
    return new NucleusError(
      'APPROVAL_PENDING',
      `Waiting for a person to allow ${call}. When they have answered, call nucleus_resume with ticket ${verdict.ticket}; where that tool is not offered, make the same call again. Until then do nothing about it.`,
      { profile, rule, ticket: verdict.ticket },
    );
  const sentences: Readonly<Record<Exclude<Verdict['kind'], 'parked'>, string>> = {
    allowed: `the rules changed while ${call} waited for a person; call it again`,
    denied: `a person refused ${call}; do not try it again unless they ask for it`,
    unanswered: `nobody answered whether ${call} may run, which counts as no; tell the user that Nucleus asked`,
    withdrawn: `the question whether ${call} may run was withdrawn`,
    chosen: `the answer was none to whether ${call} may run; call it again`,
    spent: `the person's yes was for one call of ${call}, and another one like it took it; ask again only if it has to run twice`,
    nobody: `${call} needs a person's yes and there is nobody to ask: the user can open the Nucleus app, or set an approval PIN with nucleus pin set, and try again`,
    full: `${call} needs a person's yes and too many questions wait already; the user has to answer those first`,
  };
  return new NucleusError('APPROVAL_REFUSED', sentences[verdict.kind], {
    profile,
    rule,
    reason,
    verdict: verdict.kind,
  });
}

/**
 * All a call sends to its server, but for what only tells one request from another: the same call made again would be
 * another question. What a modern client says to an earlier answer belongs to that one.
 */
function askedBy({ kind, params, peer, route }: Call): Params {
  const { _meta, ...rest } = params;
  const { requestState: _state, inputResponses: _responses, ...fresh } = rest;
  const { name, ...asked }: Params = peer?.era === 'modern' ? fresh : rest;
  // Which tool or prompt is meant is bound by its server's own name; of other requests a name is an argument.
  const isNamed = kind === 'tool' || kind === 'prompt';
  const meta = Object.entries(isObject(_meta) ? _meta : {}).filter(([key]) => !ofRequest.has(key));
  return {
    ...asked,
    ...(!isNamed && name !== undefined && { name }),
    ...(kind === 'resource' && { uri: route.name }),
    ...(meta.length > 0 && { _meta: Object.fromEntries(meta) }),
  };
}

const ofRequest: ReadonlySet<string> = new Set([
  ...Object.values(metaKeys),
  'progressToken',
  'traceparent',
  'tracestate',
  'claudecode/toolUseId',
]);

/** What cannot be shown whole cannot be allowed. */
function readable(value: unknown, profile: string): string {
  try {
    return JSON.stringify(value, null, 2);
  } catch (error) {
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `the arguments for ${profile} are nested too deeply to be shown to a person; flatten them`,
      { profile },
      { cause: error },
    );
  }
}
